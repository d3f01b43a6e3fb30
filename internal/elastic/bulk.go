package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"yourticket.example/ticket"
)

// Action puts a document in the place of whatever older version is there, or
// deletes it.
type Action struct {
	ID string
	// Version decides between writers: an older one never replaces a newer one.
	Version int64
	// Source is the document; nil deletes.
	Source json.RawMessage
}

// Refused is a document that will not be taken however often it is sent.
type Refused struct {
	Action Action
	Reason string
}

// Outcome is what became of a bulk's actions, each of which is in one of these.
type Outcome struct {
	Written, Deleted int
	// Stale counts those for which the index has something newer.
	Stale   int
	Refused []Refused
	// Again are those to be sent again, after a pause.
	Again []Action
	// Cause is the reason of one of those.
	Cause string
}

// Bulk applies the actions to an index; CodeNotFound when it is gone. After any
// other error nothing is known of any of them: all are to be sent again.
func (x *Indexer) Bulk(ctx context.Context, index string, actions []Action) (o Outcome, err error) {
	defer wrap(&err, "elastic.Bulk(%s, %d)", index, len(actions))
	// An alias is required, or a write to an index that is gone would make one
	// with mappings that nobody chose.
	path := "/" + url.PathEscape(writerOf(index)) + "/_bulk?require_alias=true&filter_path=items.*.status,items.*.result,items.*.error"
	answer, err := x.client.exchange(ctx, http.MethodPost, path, "application/x-ndjson", bulkBody(actions))
	switch refusal, _ := errors.AsType[*Refusal](err); {
	case refusal != nil && (refusal.Status == http.StatusRequestEntityTooLarge || refusal.Status == http.StatusBadRequest):
		return x.halve(ctx, index, actions, refusal)
	case err != nil:
		return o, err
	}
	return o, o.read(actions, answer)
}

func bulkBody(actions []Action) []byte {
	var b bytes.Buffer
	for _, a := range actions {
		verb := "index"
		if a.Source == nil {
			verb = "delete"
		}
		id, _ := json.Marshal(a.ID) //nolint:errchkjson // a string
		fmt.Fprintf(&b, `{"%s":{"_id":%s,"version":%d,"version_type":"external_gte"}}`+"\n", verb, id, a.Version)
		if a.Source != nil {
			b.Write(a.Source)
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// halve finds the actions for which a whole request was refused.
func (x *Indexer) halve(ctx context.Context, index string, actions []Action, refusal *Refusal) (o Outcome, err error) {
	if len(actions) == 1 {
		o.Refused = []Refused{{Action: actions[0], Reason: refusal.Error()}}
		return o, nil
	}
	for _, half := range [][]Action{actions[:len(actions)/2], actions[len(actions)/2:]} {
		part, err := x.Bulk(ctx, index, half)
		if err != nil {
			return o, err
		}
		o.add(part)
	}
	return o, nil
}

func (o *Outcome) add(p Outcome) {
	o.Written, o.Deleted, o.Stale = o.Written+p.Written, o.Deleted+p.Deleted, o.Stale+p.Stale
	o.Refused, o.Again = append(o.Refused, p.Refused...), append(o.Again, p.Again...)
	if p.Cause != "" {
		o.Cause = p.Cause
	}
}

// item is the answer to one action.
type item struct {
	Status int      `json:"status"`
	Error  *problem `json:"error"`
}

// problem is why an action failed.
type problem struct {
	Type     string `json:"type"`
	Reason   string `json:"reason"`
	CausedBy *struct {
		Reason string `json:"reason"`
	} `json:"caused_by"`
}

// String gives the problem on one line.
func (p problem) String() string {
	s := p.Type + ": " + p.Reason
	if p.CausedBy != nil && p.CausedBy.Reason != "" {
		s += ": " + p.CausedBy.Reason
	}
	return s
}

func (o *Outcome) read(actions []Action, answer []byte) error {
	var said struct {
		Items []map[string]item `json:"items"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return with(away(), err)
	}
	if len(said.Items) != len(actions) {
		return with(away(), fmt.Errorf("%d answers to %d actions", len(said.Items), len(actions)))
	}
	for i, verbs := range said.Items {
		for _, it := range verbs {
			if err := o.count(actions[i], it); err != nil {
				return err
			}
		}
	}
	return nil
}

// count sorts one answer. Only what is said about the document itself is a
// refusal; whatever else fails is the server's matter and will pass.
func (o *Outcome) count(a Action, it item) error {
	switch {
	case it.Error == nil && a.Source != nil:
		o.Written++
	case it.Error == nil: // deleted, or it was not there
		o.Deleted++
	case it.Status == http.StatusConflict:
		o.Stale++
	case it.Status == http.StatusNotFound: // a deletion that finds nothing is no error
		return with(ticket.Errorf(ticket.CodeNotFound, "There is no such index."), errors.New(it.Error.String()))
	case it.Status == http.StatusRequestEntityTooLarge,
		it.Status == http.StatusBadRequest && it.Error.Type != "index_closed_exception":
		o.Refused = append(o.Refused, Refused{Action: a, Reason: it.Error.String()})
	default:
		o.Again, o.Cause = append(o.Again, a), it.Error.String()
	}
	return nil
}
