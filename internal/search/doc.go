// Package search answers searches for events: from memory where it can, else
// from Elasticsearch, and from PostgreSQL while Elasticsearch cannot be asked.
//
// # What is asked
//
// A query is folded (case, accents, white space, order of parameters) before
// anything else, so that everybody who means the same shares one answer. What
// makes no sense is refused by the name of its parameter. Words of the text are
// words only: no character has a meaning in any query language.
//
// # Memory
//
// First pages of 10,000 searches are kept, encoded: those asked for often, and
// the last ones. Callers who want the same at once share one search. How old an answer may be:
//
//   - what was found is two seconds old at most, or up to five minutes while nothing
//     in the index has changed since it was found (the index is watched twice a
//     second);
//   - statuses and counts of free places are two seconds old at most;
//   - what is asked for often is given for one second more, while one search
//     renews it, so that its callers do not wait for the index;
//   - while Elasticsearch is away an answer that it gave is given for ten
//     minutes, and PostgreSQL's for one. Both say `degraded`.
//
// The second layer is Elasticsearch's: its query cache keeps filters, and its
// request cache counts. Filters that depend on the time have it to the minute,
// so that they can be kept.
//
// # Limited mode
//
// A search has half a second in Elasticsearch. One that fails is answered by
// PostgreSQL in the same request. Three failures in a row, or half of many, open
// the circuit: Elasticsearch is left alone, but for a look twice a second,
// which closes it again. A cluster that is red counts as away. Without an index
// the mode is limited for good.
//
// # Lists
//
// A cursor names the last event that was given and what it was ordered by. The
// second page opens a view of the index (a point in time) and all later ones
// read the same view, as long as there is one: a list goes on without it, in
// PostgreSQL, too. It then may show what changed meanwhile, but gives no event
// twice whose place in the order has not changed.
package search
