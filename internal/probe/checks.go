package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// visit is one round: what a check found, later ones use.
type visit struct {
	p     *Prober
	round Round
	// event is one that is on sale, "" for none.
	event string
}

// checks are made in this order.
var checks = []struct {
	name string
	do   func(ctx context.Context, v *visit) error
}{
	{"alive", func(ctx context.Context, v *visit) error { return v.get(ctx, "/healthz", nil) }},
	{"parts", func(ctx context.Context, v *visit) error { return v.get(ctx, "/readyz", nil) }},
	{"status", statusCheck},
	{"events", eventsCheck},
	{"search", searchCheck},
	{"seats", seatsCheck},
}

func statusCheck(ctx context.Context, v *visit) error {
	var status struct {
		State string `json:"state"`
	}
	err := v.get(ctx, "/v1/status", &status)
	v.round.State = status.State
	return err
}

func eventsCheck(ctx context.Context, v *visit) error {
	var list struct {
		Items []struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"items"`
	}
	if err := v.get(ctx, "/v1/events?limit=50", &list); err != nil {
		return err
	}
	for _, e := range list.Items {
		if e.Status == "on_sale" {
			v.event = e.ID
			return nil
		}
	}
	return nil // nothing is on sale on some days
}

func searchCheck(ctx context.Context, v *visit) error {
	var found struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := v.get(ctx, "/v1/search?q=concert&limit=1", &found); err != nil {
		return err
	}
	if found.Items == nil {
		return errors.New("the answer has no items")
	}
	return nil
}

// seatsCheck reads the live map of an event, and that it shows each place.
func seatsCheck(ctx context.Context, v *visit) error {
	if v.event == "" {
		return nil
	}
	var event struct {
		Availability struct {
			Capacity int `json:"capacity"`
		} `json:"availability"`
	}
	var live struct {
		Seats string `json:"seats"`
	}
	path := "/v1/events/" + url.PathEscape(v.event)
	if err := errors.Join(v.get(ctx, path, &event), v.get(ctx, path+"/availability", &live)); err != nil {
		return err
	}
	if len(live.Seats) < event.Availability.Capacity || live.Seats == "" {
		return fmt.Errorf("the map shows %d places of %d", len(live.Seats), event.Availability.Capacity)
	}
	return nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

// get reads a page; another status than 200 is a fault.
func (v *visit) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.p.base+path, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "yourticket-probe")
	res, err := v.p.web.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // what was to be read has been read
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, res.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
