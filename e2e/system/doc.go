// Package system runs a whole YourTicket for a test or a measurement: its own
// PostgreSQL, Redis, Temporal and payment sandbox, and any number of `api` and
// `worker` processes of the real binary. Everything is reached as outsiders
// reach it, over HTTP; SQL, Redis and Temporal are read only to check what
// the processes left behind, and to hold a purchase in one of its steps.
//
// A System belongs to its caller, who must Stop it. Its processes die with the
// caller's process, even when that is killed.
package system
