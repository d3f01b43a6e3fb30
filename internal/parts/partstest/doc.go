// Package partstest gives tests the real PostgreSQL, Redis, Temporal and
// Elasticsearch.
//
// A test package says once
//
//	func TestMain(m *testing.M) { partstest.Main(m) }
//
// and its tests ask for what they need. Postgres, Redis, Temporal and
// Elasticsearch share one server a test process, started at first use, and keep
// tests apart inside it: by a database, a numbered database, and for
// Elasticsearch by a prefix of index names that a test must keep to, while
// Temporal's tests choose their own ids. PostgresServer, RedisServer,
// TemporalServer and ElasticsearchServer start a private one that a test may
// kill and restart. Servers listen on free ports, so that test packages may run
// side by side, and go with the tests. Elasticsearch takes some ten seconds to
// start and 400 MB: ask for it where its behaviour matters.
//
// A part that cannot start fails the test; it never skips it.
package partstest
