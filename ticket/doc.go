// Package ticket holds the nouns of concert ticketing: events, seating plans,
// bookings, tickets, money and payments, with their legal states and the error
// codes that outsiders see. It imports nothing but the standard library, so
// that every other package may import it.
package ticket
