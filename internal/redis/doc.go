// Package redis keeps the live state of seats: who holds what until when, and
// which places are still free. Everything in it can be rebuilt from Postgres.
//
// All keys of an event share one hash tag, so that a script touches one node
// of a cluster only:
//
//	{<event>}:seats    string   one byte a place, in the order of the plan
//	{<event>}:holds    hash     hold id → buyer|expiry|fence|seat,seat,…
//	{<event>}:expiry   zset     hold id by expiry (ms); holds being paid are not in it
//	{<event>}:meta     hash     fence, version, available
//	{<event>}:buyers   hash     buyer id → places held and owned
//	{<event>}:changes  stream   each change, for those who watch
package redis
