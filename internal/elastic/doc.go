// Package elastic searches events in Elasticsearch, and keeps its index.
//
// The index is derived: change capture writes it from PostgreSQL, and it can be
// thrown away and built anew at any time. Readers know one name, the alias
// `events`; behind it is one index, `events-<time>`, whose mapping is that of
// index.json. A mapping that has changed needs a new index: its hash is kept in
// the mapping's _meta, so that whoever opens an index can tell.
//
// A document is an event with its venue, as everybody may see it (Document).
// Drafts have none. Canceled events and those of the past have one and are not
// found: searching shows what is still to come.
package elastic
