// Package inventory says which places of an event are free, and locks, sells
// and frees them. It joins the live state (Redis) with the books (Postgres):
// whenever the live state of an event is missing, whoever meets that first
// rebuilds it and goes on.
package inventory
