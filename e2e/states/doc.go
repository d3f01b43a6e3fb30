// Command states puts a running system into each of its states for real: a slow
// database, a process without CPU to spare, an attack on log-ins, payment
// providers that fail, a Redis and a PostgreSQL that are gone. Of each it shows
// that /v1/status says so, that the waiting room slows down or stops, and, with
// --promtool, that the rules of deploy/observability fire on what Prometheus
// would have scraped.
//
//	go run ./e2e/states --promtool bin/tools/promtool-v0.316.0/promtool
package main
