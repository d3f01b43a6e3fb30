// Package parts runs the real servers that YourTicket stands on, PostgreSQL,
// Redis, Elasticsearch and Temporal, as child processes on one machine.
// `yourticket dev` and the tests start them here; production has its own.
//
// A part uses what is installed, else downloads a pinned release, checks it
// against the digest in this package and keeps it in a cache directory. Of a
// zip of which little is wanted, only that is downloaded. The Temporal server
// is built from tools/temporald. Every part listens on 127.0.0.1 only, writes
// its log to a file, is stopped cleanly by Stop, and dies with its parent even
// when that is killed.
//
// Errors of this package are one line that names the part, the reason and,
// where it is one, the port or the file. They are meant to be shown.
package parts
