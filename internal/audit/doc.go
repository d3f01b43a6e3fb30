// Package audit checks what must always hold of YourTicket, by what was written
// down: PostgreSQL, Redis, Elasticsearch, Temporal's histories and the payment
// providers' own books. It asks no process of ours and believes none.
//
// Some promises hold at any moment, others once things settle. While purchases
// are under way the audit tells what is on its way from what is wrong without
// waiting: whatever looks wrong is looked at again, in the order in which it
// comes about, and what a workflow is still at work on is in flight, not broken.
package audit
