package rehearsal

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// botPause lies between two requests of a program.
const botPause = 40 * time.Millisecond

// hammer lets programs go at the system until ctx ends: without admission, with
// forged and stolen ones, with tokens that were tampered with. None of it may
// work.
func (r *run) hammer(ctx context.Context) {
	var wg sync.WaitGroup
	for n := range r.o.Bots {
		l := r.logins[r.o.Buyers+n]
		wg.Go(func() {
			// They get going shortly before the sale opens.
			if sleep(ctx, time.Until(r.opens)-2*time.Second) != nil {
				return
			}
			b := &bot{run: r, client: r.web.client(l)}
			if r.o.Addresses {
				b.client.address = fmt.Sprintf("203.0.113.%d", 1+n%250)
			}
			b.hammer(ctx)
		})
	}
	wg.Wait()
}

type bot struct {
	*run
	client *client
}

func (b *bot) hammer(ctx context.Context) {
	attacks := b.attacks()
	for n := 0; ; n++ {
		attack := attacks[n%len(attacks)]
		sent := time.Now()
		a, err := b.client.once(ctx, attack.request())
		if ctx.Err() != nil {
			return
		}
		b.record.bot(sent, a)
		if err == nil && a.ok() && !attack.harmless {
			b.record.find(checkBots, fmt.Sprintf("%s was answered %d", attack.name, a.status))
		}
		if sleep(ctx, botPause) != nil {
			return
		}
	}
}

// attack is one way to try. A harmless one may be answered well.
type attack struct {
	name     string
	harmless bool
	request  func() request
}

func (b *bot) attacks() []attack {
	token := b.client.login.now().Token
	book := func(admission string) func() request {
		return func() request {
			body := object{"event_id": b.stage.ID, "best_available": object{"category": b.stage.categories[0], "quantity": 1}}
			if admission != "" {
				body["admission"] = admission
			}
			return request{method: http.MethodPost, path: "/v1/bookings", body: body, key: rand.Text(), silent: true}
		}
	}
	list := []attack{
		{"looking at the queue", true, func() request {
			return request{method: http.MethodGet, path: b.stage.path("/queue"), anonymous: true, silent: true}
		}},
		{"a booking with a token that was tampered with", false, func() request {
			q := book("")()
			q.token = tampered(token)
			return q
		}},
		{"a change of the event by a buyer", false, func() request {
			return request{method: http.MethodPatch, path: b.stage.path(""), body: object{"name": "Mine"}, silent: true}
		}},
		{"a password that is guessed", false, func() request {
			return request{
				method: http.MethodPost, path: "/v1/sessions", anonymous: true, silent: true,
				body: object{"email": b.client.login.now().Email + "x", "password": rand.Text()},
			}
		}},
	}
	if !b.stage.WaitingRoom {
		return list
	}
	return append(list,
		attack{"a booking without an admission", false, book("")},
		attack{"a booking with a forged admission", false, book("forged." + rand.Text())},
		attack{"a booking with another's admission", false, func() request { return book(b.steal())() }},
		attack{"a claim without a place", false, func() request {
			return request{method: http.MethodPost, path: b.stage.path("/queue/claim"), silent: true}
		}},
	)
}

// steal gives the admission of a buyer, once there is one.
func (b *bot) steal() string {
	for _, victim := range b.buyers {
		victim.mu.Lock()
		admission := victim.admission
		victim.mu.Unlock()
		if admission != "" {
			return admission
		}
	}
	return "not yet"
}

// tampered changes the claims of a token and leaves its signature.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[1] == "" {
		return "tampered"
	}
	claims := []byte(parts[1])
	if middle := len(claims) / 2; claims[middle] == 'A' {
		claims[middle] = 'B'
	} else {
		claims[middle] = 'A'
	}
	parts[1] = string(claims)
	return strings.Join(parts, ".")
}
