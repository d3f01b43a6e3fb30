package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// Popular searches are encoded anew every two seconds, for the statuses and the
// counts in them. All else is encoded once, and what changes is put in between.

// foundPage is a page of found events but for what changes.
type foundPage struct {
	rows []foundRow
	// events are the rows', with what their statuses and counts depend on.
	events []*ticket.Event
	// end follows the rows: the page's other members, up to degraded's value.
	end  []byte
	size int // of all of it, about
}

// foundRow is an item, cut where its status and its count of free places belong.
type foundRow struct {
	toStatus, toAvailable, rest []byte
	soldOut                     bool
}

// Where an item is cut. Neither can occur inside of a JSON string, whose quotes
// are escaped; nothing else of an item has these members.
const (
	noStatus    = `"status":"?"`
	noAvailable = `"available":null`
)

// prepareSearch encodes what stays of a result.
func (s *Server) prepareSearch(r *search.Result) (search.Render, error) {
	p, err := newFoundPage(r)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, degraded bool) ([]byte, error) {
		free, now := s.counts.of(ctx, p.events), s.now()
		facts := make([]eventFacts, len(p.events))
		for i, e := range p.events {
			facts[i] = factsOf(e, now, free[i], p.rows[i].soldOut)
		}
		return p.render(facts, degraded), nil
	}, nil
}

func newFoundPage(r *search.Result) (*foundPage, error) {
	p := &foundPage{rows: make([]foundRow, len(r.Items)), events: make([]*ticket.Event, len(r.Items))}
	for i, found := range r.Items {
		e := found.Event
		item, err := json.Marshal(searchItem{EventBody: newEventBody(e, eventFacts{status: "?", available: -1}), Highlight: r.Highlights[i]})
		if err != nil {
			return nil, err
		}
		before, after, hasStatus := bytes.Cut(item, []byte(noStatus))
		middle, rest, hasCount := bytes.Cut(after, []byte(noAvailable))
		if !hasStatus || !hasCount {
			return nil, errors.New("search: an item has no status or no count")
		}
		p.rows[i] = foundRow{toStatus: before, toAvailable: middle, rest: rest, soldOut: found.SoldOut}
		p.events[i] = &ticket.Event{ID: e.ID, Status: e.Status, StartsAt: e.StartsAt, OnSaleAt: e.OnSaleAt, Capacity: e.Capacity}
		p.size += len(item) + 32
	}
	page, err := json.Marshal(searchBody{Items: []searchItem{}, Facets: r.Facets, Total: r.Total, NextCursor: r.Cursor})
	if err != nil {
		return nil, err
	}
	p.end = bytes.TrimSuffix(bytes.TrimPrefix(page, []byte(pageBegin+"]")), []byte("false}"))
	p.size += len(p.end) + 32
	return p, nil
}

// pageBegin is how a page begins.
const pageBegin = `{"items":[`

// render puts in what changes. The rows' facts are in their order.
func (p *foundPage) render(facts []eventFacts, degraded bool) []byte {
	b := append(make([]byte, 0, p.size), pageBegin...)
	for i, row := range p.rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, row.toStatus...), `"status":"`...)
		b = append(append(append(b, facts[i].status...), '"'), row.toAvailable...)
		b = append(b, `"available":`...)
		if facts[i].available < 0 {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendInt(b, int64(facts[i].available), 10)
		}
		b = append(b, row.rest...)
	}
	b = append(append(b, ']'), p.end...)
	return append(strconv.AppendBool(b, degraded), '}')
}
