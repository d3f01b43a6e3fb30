// Package rehearsal plays a believable on-sale against a running system and
// tells how it went: buyers arrive in a surge whether or not those before them
// are served, wait, choose, pay, are declined, leave and come back, while
// programs hammer and people watch the seat map.
//
// It is an outsider: it knows the public HTTP API, the control API of the
// payment sandbox where there is one, and nothing of the product's code. So it
// can be pointed at any system that an organizer may use, and what it believes
// is what a buyer could have seen.
//
// # A run
//
// Run makes the accounts (or takes those of an earlier run), makes and publishes
// an event of its own unless it is given one, lets everybody arrive, and ends
// when the last buyer is done or the time is over. Then it gives up what those
// who left still hold, waits for things to settle, and checks what it saw
// against what the API says now: see check.go for the list. The same Seed makes
// the same buyers, who arrive at the same moments; what becomes of them depends
// on the system.
//
// # A buyer
//
// Each is a goroutine with a character (traits) and a story (buyer.go): look at
// the event, queue, claim, look at the map, choose, hold, pay. Every request has
// a timeout. One that was not answered, or was refused with 429 or 503, is sent
// again with the same key after the time that the answer names, as a good client
// does; every try is counted.
//
// # What is recorded
//
// By second: requests, latency, faults, what the organizer sees (queue, seats,
// state of the system) and purchases by how they ended. Report has all of it and
// is written as text, JSON, or one HTML page that needs nothing else.
package rehearsal
