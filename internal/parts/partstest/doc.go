// Package partstest gives tests the real PostgreSQL, Redis and Temporal.
//
// A test package says once
//
//	func TestMain(m *testing.M) { partstest.Main(m) }
//
// and its tests ask for what they need. Postgres, Redis and Temporal share one
// server a test process, started at first use, and keep tests apart inside it;
// PostgresServer, RedisServer and TemporalServer start a private one that a
// test may kill and restart. Servers listen on free ports, so that test
// packages may run side by side, and keep nothing.
//
// A part that cannot start fails the test; it never skips it.
package partstest
