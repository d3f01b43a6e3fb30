package ticket

import (
	"fmt"
	"maps"
	"slices"
)

// Money is an amount in the minor units of a currency (cents of a euro, whole yen).
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// minorDigits is the number of decimals of each currency we sell in
// (ISO 4217). Both providers support all of them.
var minorDigits = map[string]int{
	"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "SEK": 2, "NOK": 2, "DKK": 2, "PLN": 2,
	"CZK": 2, "CAD": 2, "AUD": 2, "NZD": 2, "BRL": 2, "MXN": 2, "SGD": 2, "HKD": 2, "JPY": 0,
}

// MaxAmount bounds a single price in minor units; it keeps every sum of a
// booking far away from overflow and below what both providers accept.
const MaxAmount = 99_999_999

// CurrencyDigits gives the number of decimals of a currency; false when we do
// not sell in it.
func CurrencyDigits(currency string) (int, bool) {
	d, ok := minorDigits[currency]
	return d, ok
}

// Currencies lists the currencies that we sell in.
func Currencies() []string { return slices.Sorted(maps.Keys(minorDigits)) }

// Decimal writes the amount in major units with a point, as payment providers
// and spreadsheets expect it: 12550 EUR is "125.50", 500 JPY is "500".
func (m Money) Decimal() string {
	digits := minorDigits[m.Currency]
	if digits == 0 {
		return fmt.Sprintf("%d", m.Amount)
	}
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	sign, a := "", m.Amount
	if a < 0 {
		sign, a = "-", -a
	}
	return fmt.Sprintf("%s%d.%0*d", sign, a/unit, digits, a%unit)
}

// String gives the amount with its currency, for logs and summaries.
func (m Money) String() string { return m.Decimal() + " " + m.Currency }

// Validate checks a price: a known currency and an amount of 0 to MaxAmount.
func (m Money) Validate(field string) error {
	if _, ok := minorDigits[m.Currency]; !ok {
		return Invalid(field+".currency", "%q is not a currency that we sell in", m.Currency)
	}
	if m.Amount < 0 || m.Amount > MaxAmount {
		return Invalid(field+".amount", "must be from 0 to %d minor units", MaxAmount)
	}
	return nil
}
