package workflows

import (
	"go.temporal.io/sdk/temporal"

	"yourticket.example/ticket"
)

// The search attributes by which support finds purchases.
var (
	BookingStatusKey   = temporal.NewSearchAttributeKeyKeyword("BookingStatus")
	EventIDKey         = temporal.NewSearchAttributeKeyKeyword("EventId")
	BuyerIDKey         = temporal.NewSearchAttributeKeyKeyword("BuyerId")
	PaymentProviderKey = temporal.NewSearchAttributeKeyKeyword("PaymentProvider")
	AmountMinorKey     = temporal.NewSearchAttributeKeyInt64("AmountMinor")
	NeedsAttentionKey  = temporal.NewSearchAttributeKeyBool("NeedsAttention")
)

// PurchaseAttributes are those a purchase starts with; the rest is set once,
// when the outcome is known, because each change costs an event.
func PurchaseAttributes(in PurchaseInput) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		EventIDKey.ValueSet(in.EventID),
		BuyerIDKey.ValueSet(in.BuyerID),
		BookingStatusKey.ValueSet(string(ticket.BookingHeld)),
	)
}
