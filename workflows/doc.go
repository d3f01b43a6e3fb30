// Package workflows holds the sagas: durable functions that decide what
// happens next and leave every contact with the world to activities.
//
//   - Purchase sells places: it holds them, takes the money and confirms, or
//     undoes whatever it did.
//   - SettleCharge finds out what became of a payment call that was never
//     answered, and undoes it.
//   - Refund gives the money of a booking back.
//   - OnSale opens the sale of an event with a waiting room and admits its buyers.
//   - CancelEvent refunds every booking of a canceled event.
//   - Reconcile compares our books with the providers' own; Audit checks what must
//     always hold.
//
// Workflows import no adapter. Names that others call them by (ids, updates,
// signals, queries) are declared beside the workflow.
package workflows
