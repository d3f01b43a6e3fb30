// Package api is the HTTP face of the system: routes, their documents, who may
// call them, what they accept and how failures are told (RFC 9457 problems).
//
// Its services (gateway, events, bookings, ...) are a table in services.go;
// each can be its own process, or all of them one. Handlers return errors; one
// adapter in route.go encodes them, one table in problem.go maps a code to its
// status.
package api
