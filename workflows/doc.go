// Package workflows holds the sagas: durable functions that decide what
// happens next and leave every contact with the world to activities.
//
//   - Purchase sells places: it holds them, takes the money and confirms, or
//     undoes whatever it did.
//   - SettleCharge finds out what became of a payment call that was never
//     answered, and undoes it.
//
// Workflows import no adapter. Names that others call them by (ids, updates,
// signals, queries) are declared beside the workflow.
package workflows
