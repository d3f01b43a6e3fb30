package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yourticket.example/ticket"
)

// Indexer writes documents, and keeps the indices behind an alias: reads go to
// the alias, writes to an index by name.
type Indexer struct {
	client *Client
	alias  string
	body   json.RawMessage
}

// NewIndexer makes an Indexer of the indices of events.
func NewIndexer(c *Client) *Indexer { return &Indexer{client: c, alias: Alias, body: IndexBody()} }

// NewIndexerOf makes an Indexer of other indices, which are created by body.
func NewIndexerOf(c *Client, alias string, body json.RawMessage) *Indexer {
	return &Indexer{client: c, alias: alias, body: body}
}

// deletesKept is for how long an index remembers what was deleted. A write that
// comes later than that could bring a deleted document back; writes are given
// up within a minute.
const deletesKept = "1h"

// writerOf is the alias of an index that writes go to.
func writerOf(index string) string { return index + "-writer" }

// Create makes an index with a new name, to be filled: it is not refreshed yet
// and nobody searches it.
func (x *Indexer) Create(ctx context.Context) (index string, err error) {
	defer wrap(&err, "elastic.Create(%s)", x.alias)
	index = strings.Replace(IndexName(time.Now()), Alias, x.alias, 1)
	body, err := x.decoded()
	if err != nil {
		return "", err
	}
	body.Settings["refresh_interval"], body.Settings["gc_deletes"] = "-1", deletesKept
	text, err := json.Marshal(map[string]any{
		"settings": body.Settings, "mappings": body.Mappings,
		"aliases": map[string]any{writerOf(index): map[string]any{"is_hidden": true}},
	})
	if err != nil {
		return "", err
	}
	return index, x.client.call(ctx, http.MethodPut, "/"+url.PathEscape(index), text, nil)
}

// indexBody is what an index is created by.
type indexBody struct {
	Settings map[string]any  `json:"settings"`
	Mappings json.RawMessage `json:"mappings"`
}

func (x *Indexer) decoded() (b indexBody, err error) {
	err = json.Unmarshal(x.body, &b)
	if b.Settings == nil {
		b.Settings = map[string]any{}
	}
	return b, err
}

// Open makes all that was written to an index visible, and from now on within
// the refresh interval after it is written.
func (x *Indexer) Open(ctx context.Context, index string) (err error) {
	defer wrap(&err, "elastic.Open(%s)", index)
	body, err := x.decoded()
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"index": map[string]any{"refresh_interval": body.Settings["refresh_interval"]}})
	if err != nil {
		return err
	}
	if err := x.client.call(ctx, http.MethodPut, "/"+url.PathEscape(index)+"/_settings", text, nil); err != nil {
		return err
	}
	return x.Refresh(ctx, index)
}

// Refresh makes all that was written to an index or alias visible.
func (x *Indexer) Refresh(ctx context.Context, index string) (err error) {
	defer wrap(&err, "elastic.Refresh(%s)", index)
	return x.client.call(ctx, http.MethodPost, "/"+url.PathEscape(index)+"/_refresh", nil, nil)
}

// Swap lets the alias stand for an index and for no other, at once.
func (x *Indexer) Swap(ctx context.Context, index string) (err error) {
	defer wrap(&err, "elastic.Swap(%s)", index)
	body := fmt.Sprintf(`{"actions": [
		{"remove": {"index": "%s-*", "alias": "%s", "must_exist": false}},
		{"add": {"index": "%s", "alias": "%s"}}]}`, x.alias, x.alias, index, x.alias)
	return x.client.call(ctx, http.MethodPost, "/_aliases", []byte(body), nil)
}

// Live tells which index the alias stands for, and whether it is as this build
// would create it. The name is empty when there is none.
func (x *Indexer) Live(ctx context.Context) (index string, current bool, err error) {
	defer wrap(&err, "elastic.Live(%s)", x.alias)
	var found map[string]indexBody
	err = x.client.call(ctx, http.MethodGet, "/"+url.PathEscape(x.alias)+"/_mapping", nil, &found)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return "", false, nil
	}
	if err != nil || len(found) != 1 {
		return "", false, err // several are no state that we left it in
	}
	body, err := x.decoded()
	if err != nil {
		return "", false, err
	}
	for name, made := range found {
		hash := madeBy(made.Mappings)
		index, current = name, hash != "" && hash == madeBy(body.Mappings)
	}
	return index, current, nil
}

// madeBy reads the hash in a mapping.
func madeBy(mappings json.RawMessage) string {
	var m struct {
		Meta map[string]string `json:"_meta"`
	}
	if json.Unmarshal(mappings, &m) != nil {
		return "" // somebody else's
	}
	return m.Meta[metaHash]
}

// Indices lists the indices that are or were behind the alias.
func (x *Indexer) Indices(ctx context.Context) (names []string, err error) {
	defer wrap(&err, "elastic.Indices(%s)", x.alias)
	var found map[string]json.RawMessage
	err = x.client.call(ctx, http.MethodGet, "/"+url.PathEscape(x.alias+"-*")+"/_settings?filter_path=*.settings.index.uuid&expand_wildcards=open,closed", nil, &found)
	return slices.Sorted(maps.Keys(found)), err
}

// Delete removes an index; one that is not there is no error.
func (x *Indexer) Delete(ctx context.Context, index string) (err error) {
	defer wrap(&err, "elastic.Delete(%s)", index)
	return x.client.call(ctx, http.MethodDelete, "/"+url.PathEscape(index)+"?ignore_unavailable=true", nil, nil)
}
