package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// Options say what is rehearsed. Zero values mean the default beside each.
type Options struct {
	// APIs are the addresses of the API; callers spread over them, and try the
	// next when one cannot be reached.
	APIs []string
	// Sandbox is the payment sandbox's address. Without it nobody pays by PayPal
	// or is asked for 3-D Secure.
	Sandbox string

	// Buyers arrive (300); Bots hammer (1 for 50 buyers, -1 for none); Watchers
	// follow the seat map from the first to the last second (10, -1 for none).
	Buyers, Bots, Watchers int
	// Seed makes the same buyers again (1).
	Seed uint64
	// Pace stretches the time that people take to think (1).
	Pace float64

	// Event is the id or slug of an event that is there. Without one an event of
	// Seats places (a third of Buyers) is made, on sale OnSaleIn (20 s) from when
	// all is prepared, with a waiting room for Sessions buyers at a time (a tenth
	// of Buyers, 20 at least) unless NoWaitingRoom.
	Event         string
	Seats         int
	OnSaleIn      time.Duration
	NoWaitingRoom bool
	Sessions      int
	// Organizer makes the event.
	Organizer Account

	// Accounts are buyers' accounts that are there; what is missing is made.
	Accounts []Account
	// AccountsFile keeps accounts from one run to the next.
	AccountsFile string
	// Addresses gives each buyer an address of its own in X-Forwarded-For, which
	// a system believes that trusts this machine as a proxy.
	Addresses bool

	// Duration bounds the sale (5 min), Settle what follows it (1 min).
	Duration, Settle time.Duration

	// Number recomputes a place of the draw from what is public; without it
	// places are not checked.
	Number func(seed []byte, entries, entry int64) int64
	// Audit checks what only the system's own stores show, once things have
	// settled; nil for no such check.
	Audit func(context.Context) ([]Check, error)

	// Out gets the progress: lines, or one block that is drawn anew when Terminal.
	Out      io.Writer
	Terminal bool
}

// Bounds of a rehearsal.
const (
	maxBuyers   = 100_000
	maxSeats    = 100_000
	maxDuration = 2 * time.Hour
)

func (o Options) withDefaults() Options {
	o.Buyers = cmp.Or(o.Buyers, 300)
	o.Bots = max(0, cmp.Or(o.Bots, (o.Buyers+49)/50))
	o.Watchers = max(0, cmp.Or(o.Watchers, 10))
	o.Seed = cmp.Or(o.Seed, 1)
	o.Pace = cmp.Or(o.Pace, 1)
	o.Seats = cmp.Or(o.Seats, max(10, o.Buyers/3))
	o.Sessions = cmp.Or(o.Sessions, max(20, o.Buyers/10))
	o.OnSaleIn = cmp.Or(o.OnSaleIn, 20*time.Second)
	o.Duration = cmp.Or(o.Duration, 5*time.Minute)
	o.Settle = cmp.Or(o.Settle, time.Minute)
	if o.Out == nil {
		o.Out = io.Discard
	}
	for i, api := range o.APIs {
		o.APIs[i] = strings.TrimRight(strings.TrimSpace(api), "/")
	}
	o.Sandbox = strings.TrimRight(o.Sandbox, "/")
	return o
}

// Validate names every option that makes no sense.
func (o Options) Validate() error {
	o = o.withDefaults()
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(len(o.APIs) == 0, "api-url: name at least one address of the API")
	for _, address := range append(append([]string{}, o.APIs...), o.Sandbox) {
		u, err := url.Parse(address)
		bad(address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https"), "%q is not an http or https address", address)
	}
	bad(o.Buyers < 1 || o.Buyers > maxBuyers, "buyers: must be between 1 and %d", maxBuyers)
	bad(o.Bots > 1000, "bots: must be at most 1000")
	bad(o.Watchers > 10_000, "watchers: must be at most 10000")
	bad(o.Seats < 3 || o.Seats > maxSeats, "seats: must be between 3 and %d", maxSeats)
	bad(o.Sessions < 1 || o.Sessions > 1_000_000, "sessions: must be between 1 and 1000000")
	bad(o.OnSaleIn < time.Second || o.OnSaleIn > time.Hour, "on-sale-in: must be between 1s and 1h")
	bad(o.Duration < 2*time.Second || o.Duration > maxDuration, "duration: must be between 2s and %s", maxDuration)
	bad(o.Settle < time.Second || o.Settle > time.Hour, "settle: must be between 1s and 1h")
	bad(o.Pace < 0.01 || o.Pace > 100, "pace: must be between 0.01 and 100")
	return errors.Join(errs...)
}
