package manybooks

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"yourticket.example/internal/sandbox"
	"yourticket.example/ticket"
)

// paid is a transaction as our books know it.
type paid struct {
	booking, event  string
	provider        ticket.Provider
	ref, captureRef string
	amount          int64
	at              time.Time
}

// plants are what the providers' books hold, and what ours will.
type plants struct {
	o        Options
	from, to time.Time
	file     string
	ours     []paid
	// differences that were planted, by what reconciliation calls them.
	differences map[ticket.ReconciliationResult]int64
	// strays are captures among them that pay for nothing.
	strays int64
}

// shards of the systems that are started here.
const shards = 2

// plant writes the providers' books into a file that the sandbox starts from.
// Time is spread over a day that ended long enough ago for both providers.
func plant(o Options, dir string) (p *plants, err error) {
	p = &plants{o: o, to: time.Now().Add(-5 * time.Hour).UTC().Truncate(time.Second), file: filepath.Join(dir, "sandbox.journal")}
	p.from = p.to.Add(-24 * time.Hour)
	p.ours = make([]paid, 0, o.Transactions)
	p.differences = map[ticket.ReconciliationResult]int64{}
	file, err := os.Create(p.file)
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	defer func() { err = errors.Join(err, out.Flush(), file.Close()) }()
	events := [shards]string{ticket.NewID(ticket.KindEvent, 0), ticket.NewID(ticket.KindEvent, 1)}
	for i := range o.Transactions {
		t := paid{
			event: events[i%shards], provider: []ticket.Provider{ticket.Stripe, ticket.PayPal}[i/shards%2], amount: 1000 + int64(i%9000),
			at: p.from.Add(p.to.Sub(p.from) / time.Duration(o.Transactions+1) * time.Duration(i)),
		}
		t.booking = ticket.DeriveBookingID(t.event, fmt.Sprint("us_", i), "k")
		if err := p.one(out, i, t); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planted is what becomes of a transaction.
type planted int

const (
	matches planted = iota
	differs
	foreign // money of somebody else: nothing of ours to undo
	ghost   // only we have it
	stray   // names a booking of ours that nothing is known of
	returned
)

// results are what reconciliation calls them: a stray and the refund that gave it
// back are two movements.
var results = map[planted][]ticket.ReconciliationResult{
	differs: {ticket.ResultAmountDiffers}, foreign: {ticket.ResultProviderOnly}, ghost: {ticket.ResultOursOnly},
	stray: {ticket.ResultProviderOnly}, returned: {ticket.ResultUndone, ticket.ResultUndone},
}

// one plants a transaction; every o.Every-th is a difference of one of five kinds.
func (p *plants) one(out *bufio.Writer, i int, t paid) error {
	theirs := sandbox.Planted{Provider: string(t.provider), BookingID: t.booking, Attempt: 1, Amount: t.amount, Currency: "EUR", At: t.at}
	kind := matches
	if i%p.o.Every == p.o.Every/2 {
		kind = []planted{differs, foreign, ghost, stray, returned}[i/p.o.Every%5]
		for _, r := range results[kind] {
			p.differences[r]++
		}
	}
	switch kind {
	case differs:
		theirs.Amount++
	case foreign:
		theirs.BookingID = ""
	case ghost:
		t.ref, t.captureRef = fmt.Sprint("none_", i), fmt.Sprint("gone_", i)
		p.ours = append(p.ours, t)
		return nil
	case stray, returned:
		p.strays++
	case matches:
	}
	refs, err := sandbox.Plant(out, theirs)
	if err == nil && kind == returned {
		err = sandbox.PlantRefund(out, theirs, refs)
	}
	if kind == matches || kind == differs {
		t.ref, t.captureRef = refs.Charge, refs.Capture
		p.ours = append(p.ours, t)
	}
	return err
}
