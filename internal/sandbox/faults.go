package sandbox

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	faultError     = "error"
	faultTimeout   = "timeout"
	faultLostReply = "lost_reply"
	faultSlow      = "slow"
	faultRateLimit = "rate_limit"
)

var faultKinds = []string{faultError, faultTimeout, faultLostReply, faultSlow, faultRateLimit}

// Operations a fault can be limited to. opApprove and opAuthenticate are the payer's steps, opWebhook is an
// event that whatever fault strikes is never sent.
const (
	opAuthorize    = "authorize"
	opCapture      = "capture"
	opVoid         = "void"
	opRefund       = "refund"
	opGet          = "get"
	opList         = "list"
	opUpdate       = "update"
	opMethod       = "method"
	opCreateOrder  = "create_order"
	opToken        = "token"
	opReauthorize  = "reauthorize"
	opVerify       = "verify"
	opApprove      = "approve"
	opAuthenticate = "authenticate"
	opWebhook      = "webhook"
)

var operations = map[string][]string{
	providerStripe: {opAuthorize, opCapture, opVoid, opRefund, opGet, opList, opUpdate, opMethod, opAuthenticate, opWebhook},
	providerPayPal: {
		opCreateOrder, opAuthorize, opCapture, opVoid, opRefund, opGet, opList, opUpdate,
		opToken, opReauthorize, opVerify, opApprove, opWebhook,
	},
}

// fault is one active fault as the control API shows it. Remaining is nil for one without a count.
type fault struct {
	ID        string  `json:"id"`
	Provider  string  `json:"provider"`
	Fault     string  `json:"fault"`
	Operation string  `json:"operation,omitempty"`
	Rate      float64 `json:"rate"`
	Remaining *int    `json:"remaining,omitempty"`
	DelayMS   *int    `json:"delay_ms,omitempty"`
	Hits      int     `json:"hits"`
}

func (f fault) delay(otherwise time.Duration) time.Duration {
	if f.DelayMS == nil {
		return otherwise
	}
	return time.Duration(*f.DelayMS) * time.Millisecond
}

func (f fault) matches(provider, op string) bool {
	if f.Provider != provider {
		return false
	}
	if f.Operation == "" {
		return op != opApprove && op != opAuthenticate && op != opWebhook
	}
	return f.Operation == op
}

// faultSet holds the active faults, oldest first. Its zero value is ready for use.
type faultSet struct {
	mu     sync.Mutex
	active []*fault
	some   atomic.Bool
	seq    int
}

func (s *faultSet) add(f fault) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	f.ID = "fault_" + strconv.Itoa(s.seq)
	s.active = append(s.active, &f)
	s.some.Store(true)
	return f.snapshot()
}

func (f fault) snapshot() fault {
	if f.Remaining != nil {
		left := *f.Remaining
		f.Remaining = &left
	}
	return f
}

// clear removes the faults of a provider, or all for "", and says how many.
func (s *faultSet) clear(provider string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.active)
	s.active = slices.DeleteFunc(s.active, func(f *fault) bool { return provider == "" || f.Provider == provider })
	s.some.Store(len(s.active) > 0)
	return before - len(s.active)
}

func (s *faultSet) list() []fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]fault, 0, len(s.active))
	for _, f := range s.active {
		out = append(out, f.snapshot())
	}
	return out
}

// take returns the first fault that strikes this request, counting it. A fault whose count is used up goes.
func (s *faultSet) take(provider, op string) (fault, bool) {
	if !s.some.Load() {
		return fault{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.active {
		if !f.matches(provider, op) || rand.Float64() >= f.Rate {
			continue
		}
		f.Hits++
		if f.Remaining != nil {
			*f.Remaining--
			if *f.Remaining == 0 {
				s.active = slices.Delete(s.active, i, i+1)
				s.some.Store(len(s.active) > 0)
			}
		}
		return *f, true
	}
	return fault{}, false
}
