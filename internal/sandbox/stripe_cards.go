package sandbox

import "slices"

// testMethods lists what is known. The position is part of the ids handed out: only append.
var testMethods = buildMethods()

// cards are the test cards by what they do; those by country follow them.
var cards = []testMethod{
	{name: "visa", number: "4242424242424242"},
	{name: "visa_debit", number: "4000056655665556", funding: "debit"},
	{name: "visa_prepaid", number: "4242424242420042", funding: "prepaid"},
	{name: "mastercard", number: "5555555555554444", brand: "mastercard"},
	{name: "mastercard_debit", number: "5200828282828210", brand: "mastercard", funding: "debit"},
	{name: "mastercard_prepaid", number: "5105105105105100", brand: "mastercard", funding: "prepaid"},
	{name: "amex", number: "378282246310005", brand: "amex"},
	{name: "discover", number: "6011111111111117", brand: "discover"},
	{name: "diners", number: "3056930009020004", brand: "diners"},
	{name: "jcb", number: "3566002020360505", brand: "jcb"},
	{name: "unionpay", number: "6200000000000005", brand: "unionpay"},
	{name: "chargeDeclined", number: "4000000000000002", code: "card_declined", decline: "generic_decline"},
	{name: "chargeDeclinedInsufficientFunds", number: "4000000000009995", code: "card_declined", decline: "insufficient_funds"},
	{name: "chargeDeclinedLostCard", number: "4000000000009987", code: "card_declined", decline: "lost_card"},
	{name: "chargeDeclinedStolenCard", number: "4000000000009979", code: "card_declined", decline: "stolen_card"},
	{name: "chargeDeclinedExpiredCard", number: "4000000000000069", code: "expired_card"},
	{name: "chargeDeclinedIncorrectCvc", number: "4000000000000127", code: "incorrect_cvc"},
	{name: "chargeDeclinedProcessingError", number: "4000000000000119", code: "processing_error"},
	{name: "chargeDeclinedVelocityLimitExceeded", number: "4000000000006975", code: "card_declined", decline: "card_velocity_exceeded"},
	{name: "chargeDeclinedFraudulent", number: "4100000000000019", code: "card_declined", decline: "fraudulent"},
	{name: "radarBlock", number: "4100000000000019", code: "card_declined", decline: "fraudulent"},
	{name: "chargeCustomerFail", number: "4000000000000341", code: "card_declined", decline: "generic_decline"},
	{name: "authenticationRequired", number: "4000002760003184", auth: authAlways},
	{name: "authenticationRequiredOnSetup", number: "4000002500003155", auth: authAlways},
	{name: "authenticationRequiredSetupForOffSession", number: "4000003800000446", auth: authOnSession},
	{name: "authenticationRequiredChargeDeclinedInsufficientFunds", number: "4000008260003178", auth: authAlways, code: "card_declined", decline: "insufficient_funds"},
	{name: "threeDSecure2Required", number: "4000000000003220", auth: authAlways},
	{name: "threeDSecureRequired", number: "4000000000003063", auth: authAlways},
	{name: "threeDSecureRequiredChargeDeclined", number: "4000008400001629", auth: authAlways, code: "card_declined", decline: "generic_decline"},
	{name: "threeDSecureOptional", number: "4000000000003055"},
	{name: "amex_threeDSecureNotSupported", number: "378282246310005", brand: "amex"},
	{name: "createDispute", number: "4000000000000259", dispute: "fraudulent"},
	{name: "createDisputeProductNotReceived", number: "4000000000002685", dispute: "product_not_received"},
	{name: "pendingRefund", number: "4000000000007726", refundTo: ledgerSucceeded},
	{name: "refundFail", number: "4000000000005126", refundTo: ledgerFailed},
	{name: "bypassPending", number: "4000000000000077"},
	{name: "domesticPricing", number: "4000000000000093"},
	{name: "riskLevelElevated", number: "4000000000009235"},
	{name: "avsFail", number: "4000000000000010"},
	{name: "cvcCheckFail", number: "4000000000000101"},
}

// countries are test cards by the country of their bank.
var countries = []testMethod{
	{name: "us", number: "4242424242424242", country: "US"},
	{name: "at", number: "4000000400000008", country: "AT"},
	{name: "be", number: "4000000560000004", country: "BE"},
	{name: "ch", number: "4000007560000009", country: "CH"},
	{name: "cz", number: "4000002030000002", country: "CZ"},
	{name: "de", number: "4000002760000016", country: "DE"},
	{name: "dk", number: "4000002080000001", country: "DK"},
	{name: "es", number: "4000007240000007", country: "ES"},
	{name: "fi", number: "4000002460000001", country: "FI"},
	{name: "fr", number: "4000002500000003", country: "FR"},
	{name: "gb", number: "4000008260000000", country: "GB"},
	{name: "ie", number: "4000003720000005", country: "IE"},
	{name: "it", number: "4000003800000008", country: "IT"},
	{name: "nl", number: "4000005280000002", country: "NL"},
	{name: "no", number: "4000005780000007", country: "NO"},
	{name: "pl", number: "4000006160000005", country: "PL"},
	{name: "pt", number: "4000006200000007", country: "PT"},
	{name: "se", number: "4000007520000008", country: "SE"},
}

func buildMethods() []testMethod {
	all := slices.Concat(cards, countries)
	for i := range all {
		m := &all[i]
		m.brand = orElse(m.brand, "visa")
		m.funding = orElse(m.funding, "credit")
		m.country = orElse(m.country, "US")
	}
	return all
}
