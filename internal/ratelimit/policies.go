package ratelimit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Policy is a limit as it is for everyone, and as it is for callers on this
// machine: load generators, tests and operators, who are many behind one address.
type Policy struct {
	Ordinary, Wide Limit
}

// For gives the limit for a caller; wide for one on this machine. It is nil
// when the policy is off.
func (p *Policy) For(wide bool) *Limit {
	l := &p.Ordinary
	if wide {
		l = &p.Wide
	}
	if l.unlimited() {
		return nil
	}
	return l
}

// Policies are the limits by what they count.
type Policies struct {
	// Address bounds everything that one address asks for; Reads what one
	// account reads of its own. Both are counted in the process alone.
	Address, Reads Policy
	// Of logins and registrations: per address and email, and per address.
	LoginEmail, LoginAddress, RegistrationEmail, RegistrationAddress Policy
	// Of bookings: per account, and per address.
	BookingsAccount, BookingsAddress Policy
	// Payments, places in waiting rooms, and other writes: per account.
	PaymentsAccount, QueueAccount, WritesAccount Policy
	// Scans at doors, per account, which may have many devices; and what is asked
	// for rarely: transfers, mail sent again, erasure.
	DoorAccount, RareAccount Policy
	// Anonymous bounds writes that need no account, per address.
	Anonymous Policy
}

// Default gives the limits that hold unless the configuration says otherwise.
// An address may be a university's, so that addresses have room and accounts
// have little.
func Default() *Policies {
	p := func(name string, quota int, window time.Duration, wideQuota int, wideWindow time.Duration) Policy {
		return Policy{Limit{name, quota, window}, Limit{name, wideQuota, wideWindow}}
	}
	return &Policies{
		Address:             p("address", 1000, time.Second, 50_000, time.Second),
		Reads:               p("reads", 50, time.Second, 5000, time.Second),
		LoginEmail:          p("login-email", 10, time.Minute, 600, time.Minute),
		LoginAddress:        p("login-address", 300, time.Minute, 10_000, time.Second),
		RegistrationEmail:   p("registration-email", 5, time.Minute, 600, time.Minute),
		RegistrationAddress: p("registration-address", 60, time.Minute, 10_000, time.Second),
		BookingsAccount:     p("bookings-account", 30, time.Minute, 6000, time.Minute),
		BookingsAddress:     p("bookings-address", 600, time.Minute, 10_000, time.Second),
		PaymentsAccount:     p("payments-account", 30, time.Minute, 6000, time.Minute),
		QueueAccount:        p("queue-account", 60, time.Minute, 6000, time.Minute),
		WritesAccount:       p("writes-account", 120, time.Minute, 6000, time.Minute),
		DoorAccount:         p("door-account", 6000, time.Minute, 100_000, time.Minute),
		RareAccount:         p("rare-account", 20, 10*time.Minute, 6000, time.Minute),
		Anonymous:           p("writes-address", 300, time.Minute, 10_000, time.Second),
	}
}

func (p *Policies) all() []*Policy {
	return []*Policy{
		&p.Address, &p.Reads, &p.LoginEmail, &p.LoginAddress, &p.RegistrationEmail, &p.RegistrationAddress,
		&p.BookingsAccount, &p.BookingsAddress, &p.PaymentsAccount, &p.QueueAccount, &p.WritesAccount,
		&p.DoorAccount, &p.RareAccount, &p.Anonymous,
	}
}

// Names lists the names that Parse knows.
func Names() []string {
	var names []string
	for _, p := range Default().all() {
		names = append(names, p.Ordinary.Name)
	}
	return names
}

// Parse reads changes to the default limits: "off" for no limits at all (nil),
// or name=quota/window pairs such as "bookings-account=5/1m,address=off". A
// limit that is named is the same for everyone, callers on this machine too.
func Parse(text string) (*Policies, error) {
	text = strings.TrimSpace(text)
	if text == "off" {
		return nil, nil
	}
	policies := Default()
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name, value, _ := strings.Cut(item, "=")
		all := policies.all()
		i := slices.IndexFunc(all, func(p *Policy) bool { return p.Ordinary.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("knows no limit %q; there are %s", name, strings.Join(Names(), ", "))
		}
		limit, err := parseLimit(name, value)
		if err != nil {
			return nil, err
		}
		*all[i] = Policy{limit, limit}
	}
	return policies, nil
}

func parseLimit(name, value string) (Limit, error) {
	if value == "off" {
		return Limit{Name: name}, nil
	}
	quota, window, _ := strings.Cut(value, "/")
	n, err := strconv.Atoi(quota)
	if err != nil || n < 1 || n > 1_000_000_000 {
		return Limit{}, fmt.Errorf("needs %s=quota/window or %s=off, such as %s=30/1m", name, name, name)
	}
	d, err := time.ParseDuration(window)
	if err != nil || d < time.Second || d > 24*time.Hour {
		return Limit{}, fmt.Errorf("needs a window between 1s and 24h for %s", name)
	}
	return Limit{name, n, d}, nil
}
