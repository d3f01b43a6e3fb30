// Package postgres is the adapter for PostgreSQL: the catalogue database
// (accounts, keys, venues, plans, events, the directory of shards, idempotency
// keys) and the sales shards (bookings, tickets, payments, journal).
//
// Every error that leaves the package is translated: what a caller may be told
// is a ticket.Error, and ticket.CodeUnavailable means that asking again may
// help. The driver's error stays in the chain for the log.
package postgres
