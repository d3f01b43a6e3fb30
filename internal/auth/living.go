package auth

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"yourticket.example/ticket"
)

// Living accepts the tokens of accounts that are still there. Access tokens are
// checked without a look-up, so the few accounts that were erased while tokens of
// theirs may still be valid are known by heart.
type Living struct {
	tokens interface {
		Verify(ctx context.Context, token string) (User, error)
	}
	store interface {
		ErasedSince(ctx context.Context, since time.Time) ([]string, error)
	}
	now func() time.Time

	mu   sync.RWMutex
	gone map[string]time.Time // when they were seen to be gone
}

// lookForErased is how long another process may still accept an erased account's
// token.
const lookForErased = 2 * time.Second

// NewLiving makes a Living before what verifies tokens.
func NewLiving(tokens interface {
	Verify(ctx context.Context, token string) (User, error)
}, store interface {
	ErasedSince(ctx context.Context, since time.Time) ([]string, error)
},
) *Living {
	return &Living{tokens: tokens, store: store, now: time.Now, gone: map[string]time.Time{}}
}

// Verify knows the caller by an access token. CodeUnauthorized also when the
// account was erased.
func (l *Living) Verify(ctx context.Context, token string) (User, error) {
	u, err := l.tokens.Verify(ctx, token)
	if err != nil {
		return u, err
	}
	l.mu.RLock()
	_, gone := l.gone[u.ID]
	l.mu.RUnlock()
	if gone {
		return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The account is gone.")
	}
	return u, nil
}

// End ends an account's tokens in this process.
func (l *Living) End(userID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone[userID] = l.now()
}

// Look learns which accounts were erased elsewhere, and forgets those whose
// tokens have ended by themselves.
func (l *Living) Look(ctx context.Context) error {
	ids, err := l.store.ErasedSince(ctx, l.now().Add(-2*AccessLife))
	if err != nil {
		return fmt.Errorf("auth: erased accounts: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.gone[id] = l.now()
	}
	maps.DeleteFunc(l.gone, func(_ string, seen time.Time) bool { return l.now().Sub(seen) > 2*AccessLife })
	return nil
}

// Follow looks every two seconds until the context ends. Failures go to report.
func (l *Living) Follow(ctx context.Context, report func(error)) {
	tick := time.NewTicker(lookForErased)
	defer tick.Stop()
	for {
		if err := l.Look(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
