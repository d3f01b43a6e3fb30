package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"yourticket.example/ticket"
)

// Stored is a document as an index has it.
type Stored struct {
	ID      string
	Version int64
	Source  json.RawMessage
}

// hit is a document in an answer to a search or to mget.
type hit struct {
	ID      string          `json:"_id"`
	Version int64           `json:"_version"`
	Source  json.RawMessage `json:"_source"`
	// Found and Error are mget's.
	Found bool     `json:"found"`
	Error *problem `json:"error"`
}

func (h hit) stored() Stored { return Stored{ID: h.ID, Version: h.Version, Source: h.Source} }

// After reads a page of what a search of the alias sees, by id, after one.
func (x *Indexer) After(ctx context.Context, after string, limit int) (page []Stored, err error) {
	defer wrap(&err, "elastic.After(%s)", after)
	query := map[string]any{
		"size": limit, "sort": []map[string]string{{"id": "asc"}}, "version": true, "track_total_hits": false,
		"query": map[string]any{"match_all": map[string]any{}},
	}
	if after != "" {
		query["search_after"] = []string{after}
	}
	body, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	var found struct {
		Hits struct {
			Hits []hit `json:"hits"`
		} `json:"hits"`
	}
	// One cache entry a page would push out what buyers ask for.
	err = x.client.call(ctx, http.MethodPost, "/"+url.PathEscape(x.alias)+"/_search?request_cache=false", body, &found)
	for _, h := range found.Hits.Hits {
		page = append(page, h.stored())
	}
	return page, err
}

// Read reads documents as they were last written, visible or not; those that
// are not there are left out. CodeNotFound when there is no index.
func (x *Indexer) Read(ctx context.Context, ids []string) (list []Stored, err error) {
	defer wrap(&err, "elastic.Read(%d)", len(ids))
	if len(ids) == 0 {
		return nil, nil
	}
	body, err := json.Marshal(map[string]any{"ids": ids})
	if err != nil {
		return nil, err
	}
	var found struct {
		Docs []hit `json:"docs"`
	}
	if err := x.client.call(ctx, http.MethodPost, "/"+url.PathEscape(x.alias)+"/_mget", body, &found); err != nil {
		return nil, err
	}
	for _, h := range found.Docs {
		switch {
		case h.Error != nil && h.Error.Type == "index_not_found_exception":
			return nil, with(ticket.Errorf(ticket.CodeNotFound, "There is no such index."), errors.New(h.Error.String()))
		case h.Error != nil:
			return nil, with(unavailable("a document cannot be read"), errors.New(h.Error.String()))
		case h.Found:
			list = append(list, h.stored())
		}
	}
	return list, nil
}
