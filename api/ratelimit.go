package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"yourticket.example/internal/ratelimit"
	"yourticket.example/ticket"
)

// visitor is who a request comes from, as far as limits care.
type visitor struct {
	addr netip.Addr // its household
	wide bool       // it is on this machine
	// header is that of the answer.
	header http.Header
	// pending are the limits that its handler takes together with its own.
	pending []ratelimit.Ask
}

type visitorKey struct{}

// limit refuses callers who ask too often. What everybody asks for is counted
// by address in this process alone; what costs something is counted in Redis,
// by account and address, in one round trip. Logins and registrations are
// counted by their handlers, which know the email (limitEmail).
func (s *Server) limit(next http.Handler) http.Handler {
	if s.deps.Limits == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := classify(r.Method, r.URL.Path)
		if c == classFree {
			next.ServeHTTP(w, r)
			return
		}
		addr := s.deps.Trusted.client(r)
		v := &visitor{addr: household(addr), wide: addr.IsLoopback(), header: w.Header()}
		if c == classLogin || c == classRegistration {
			r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		}
		if err := s.limitVisitor(r, c, v); err != nil {
			writeProblem(w, newProblem(err, requestID(r.Context())))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitVisitor takes what a class is counted by.
func (s *Server) limitVisitor(r *http.Request, c class, v *visitor) error {
	limits, p := s.deps.Limits, s.deps.Limits.Policies
	if l := p.Address.For(v.wide); l != nil {
		verdict := limits.Take(ratelimit.Ask{Limit: l, Subject: ratelimit.Subject{Addr: v.addr}})
		if err := v.tell(verdict); err != nil || c == classRead || c == classStream {
			return err
		}
	}
	byAddress := ratelimit.Subject{Addr: v.addr}
	switch c {
	case classLogin:
		v.expect(&p.LoginAddress, byAddress)
	case classRegistration:
		v.expect(&p.RegistrationAddress, byAddress)
	case classAnonymous:
		v.expect(&p.Anonymous, byAddress)
		return v.tell(limits.TakeAll(r.Context(), v.pending...)...)
	case classPersonal, classWrite, classQueue, classBooking, classPayment, classDoor, classUpload, classRare:
		return s.limitAccount(r, c, v)
	}
	return nil
}

// limitAccount counts by account. Whoever has no valid token is refused later,
// and until then counted by address in this process alone, so that nobody
// without an account costs Redis anything.
func (s *Server) limitAccount(r *http.Request, c class, v *visitor) error {
	user, err := s.bearer(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		return nil //nolint:nilerr // the operation itself knows whether it needs a token, and what to answer
	}
	limits, p, account := s.deps.Limits, s.deps.Limits.Policies, ratelimit.Subject{ID: user.ID}
	switch c {
	case classPersonal:
		if l := p.Reads.For(v.wide); l != nil {
			return v.tell(limits.Take(ratelimit.Ask{Limit: l, Subject: account}))
		}
		return nil
	case classBooking:
		v.expect(&p.BookingsAccount, account)
		v.expect(&p.BookingsAddress, ratelimit.Subject{Addr: v.addr})
	case classPayment:
		v.expect(&p.PaymentsAccount, account)
	case classQueue:
		v.expect(&p.QueueAccount, account)
	case classDoor, classUpload:
		v.expect(&p.DoorAccount, account)
	case classRare:
		v.expect(&p.RareAccount, account)
	default:
		v.expect(&p.WritesAccount, account)
	}
	return v.tell(limits.TakeAll(r.Context(), v.pending...)...)
}

// limitEmail counts a login or registration for an email address, from one
// address and from this one in all. The email leaves the process as a digest.
func (s *Server) limitEmail(ctx context.Context, policy func(*ratelimit.Policies) *ratelimit.Policy, email string) error {
	v, limited := ctx.Value(visitorKey{}).(*visitor)
	if !limited {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	v.expect(policy(s.deps.Limits.Policies), ratelimit.Subject{Addr: v.addr, ID: hex.EncodeToString(sum[:16])})
	return v.tell(s.deps.Limits.TakeAll(ctx, v.pending...)...)
}

func loginEmail(p *ratelimit.Policies) *ratelimit.Policy { return &p.LoginEmail }

func registrationEmail(p *ratelimit.Policies) *ratelimit.Policy { return &p.RegistrationEmail }

// expect adds a limit to those that are taken together.
func (v *visitor) expect(p *ratelimit.Policy, who ratelimit.Subject) {
	if l := p.For(v.wide); l != nil {
		v.pending = append(v.pending, ratelimit.Ask{Limit: l, Subject: who})
	}
}

// tell writes what remains into the answer's headers, and gives the problem
// when there is nothing left.
func (v *visitor) tell(verdicts ...ratelimit.Verdict) error {
	if len(verdicts) == 0 {
		return nil
	}
	v.header["Ratelimit-Policy"] = []string{ratelimit.PolicyHeader(verdicts)}
	v.header["Ratelimit"] = []string{ratelimit.Header(verdicts)}
	refused := ratelimit.Refused(verdicts)
	if refused == nil {
		return nil
	}
	e := ticket.Errorf(ticket.CodeRateLimited, "The limit %s is %d in %s; come back in %d s.",
		refused.Limit.Name, refused.Limit.Quota, inWords(refused.Limit.Window), refused.RetrySeconds())
	e.RetryAfterSeconds = refused.RetrySeconds()
	return e
}

func inWords(d time.Duration) string {
	switch d {
	case time.Second:
		return "a second"
	case time.Minute:
		return "a minute"
	case time.Hour:
		return "an hour"
	}
	return d.String()
}
