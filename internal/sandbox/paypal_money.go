package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// currencies are those the sandbox takes; the value is how many decimals PayPal writes them with.
var currencies = map[string]int{
	"AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 0, "ILS": 2,
	"JPY": 0, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "PHP": 2, "PLN": 2, "SEK": 2, "SGD": 2, "THB": 2, "TWD": 0, "USD": 2,
}

// stripeOnly are currencies that Stripe takes and PayPal does not.
var stripeOnly = []string{"AED", "BGN", "INR", "ISK", "KRW", "RON", "TRY", "ZAR"}

// knownCurrency tells whether Stripe takes a currency, in capitals.
func knownCurrency(code string) bool {
	_, ok := currencies[code]
	return ok || slices.Contains(stripeOnly, code)
}

var decimalForm = regexp.MustCompile(`^-?\d{1,13}(\.\d+)?$`)

// minor reads an amount into minor units. field is its JSON pointer, for the error.
func (m money) minor(field string) (int64, *paypalError) {
	decimals, ok := currencies[m.Currency]
	switch {
	case m.Currency == "":
		return 0, invalid(field+"/currency_code", "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
	case len(m.Currency) != 3:
		return 0, invalid(field+"/currency_code", "INVALID_STRING_LENGTH", "A currency code has three letters.")
	case !ok:
		return 0, unprocessable("CURRENCY_NOT_SUPPORTED", field+"/currency_code", "The currency is not supported.")
	case m.Value == "":
		return 0, invalid(field+"/value", "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
	case !decimalForm.MatchString(m.Value):
		return 0, invalid(field+"/value", "INVALID_PARAMETER_SYNTAX", "An amount is a decimal number.")
	}
	whole, fraction, _ := strings.Cut(m.Value, ".")
	if fraction != "" && decimals == 0 {
		return 0, unprocessable("DECIMALS_NOT_SUPPORTED", field+"/value", "The currency has no decimals.")
	}
	if len(fraction) > decimals {
		return 0, unprocessable("DECIMAL_PRECISION", field+"/value", "The amount has too many decimals.")
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
	if err != nil {
		return 0, invalid(field+"/value", "INVALID_PARAMETER_SYNTAX", "An amount is a decimal number.")
	}
	return n, nil
}

// positive reads an amount that must be above zero.
func (m money) positive(field string) (int64, *paypalError) {
	n, err := m.minor(field)
	if err == nil && n <= 0 {
		return 0, unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", field+"/value", "The amount must be greater than zero.")
	}
	return n, err
}

// decimal writes minor units the way PayPal does.
func decimal(minor int64, currency string) string {
	decimals := currencies[currency]
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := strconv.FormatInt(minor, 10)
	if decimals == 0 {
		return sign + digits
	}
	if pad := decimals + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	return sign + digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// amount writes money as an object.
func (w *jsonw) amount(key string, minor int64, currency string) {
	w.openKey(key)
	w.str("currency_code", currency)
	w.str("value", decimal(minor, currency))
	w.close()
}

// paypalFee is the account's price for a captured payment: 2.49 % and 35 minor units.
func paypalFee(amount int64) int64 { return min((amount*249+5000)/10000+35, amount) }

// bookingOf finds the booking an object pays for: its custom id, or its invoice id up to the first separator.
func bookingOf(custom, invoice string) string {
	if custom != "" {
		return custom
	}
	if i := strings.IndexAny(invoice, "/:#"); i >= 0 {
		return invoice[:i]
	}
	return invoice
}
