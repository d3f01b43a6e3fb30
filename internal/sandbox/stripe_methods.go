package sandbox

import (
	"strconv"
	"strings"
)

// When a test card asks its holder to authenticate.
const (
	authNever     = iota
	authOnSession // asks, but for payments off session, which it was set up for
	authAlways    // asks, and declines off session
)

// testMethod is how one of Stripe's documented test payment methods behaves.
type testMethod struct {
	name    string
	number  string
	brand   string
	funding string
	country string
	auth    int
	// code and decline are the error of a charge, "" for none.
	code, decline string
	// refundTo is what a refund turns into after a while, "" when it succeeds at once.
	refundTo string
	// dispute is the reason the charge is disputed for as soon as it is captured.
	dispute string
}

func orElse(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}

var methodByName, methodByNumber = indexMethods(testMethods)

// indexMethods finds methods by name (declines under their brand too, as documented) and by card number.
func indexMethods(methods []testMethod) (byName, byNumber map[string]int) {
	byName, byNumber = map[string]int{}, map[string]int{}
	for i, m := range methods {
		byName[m.name] = i
		if m.code != "" {
			byName["visa_"+m.name] = i
		}
		if _, taken := byNumber[m.number]; !taken {
			byNumber[m.number] = i
		}
	}
	return byName, byNumber
}

const methodPrefix = "pm_1Sbx"

// newMethodID names a payment method made from a test one. The id itself tells which, so that none is kept.
func newMethodID(index int) string {
	pos := strconv.FormatInt(int64(index), 36)
	if len(pos) < 2 {
		pos = "0" + pos
	}
	return randomID(methodPrefix+pos, base62, 15)
}

// methodOf finds a payment method by id: one of the documented pm_card_ names, or an id handed out here. The
// id returned is the one an intent shows, which for a documented name is a new one, as at Stripe.
func methodOf(id string) (resolved string, m testMethod, ok bool) {
	if name, test := strings.CutPrefix(id, "pm_card_"); test {
		i, known := methodByName[name]
		if !known {
			return "", testMethod{}, false
		}
		return newMethodID(i), testMethods[i], true
	}
	rest, own := strings.CutPrefix(id, methodPrefix)
	if !own || len(rest) < 2 {
		return "", testMethod{}, false
	}
	i, err := strconv.ParseInt(rest[:2], 36, 32)
	if err != nil || i < 0 || int(i) >= len(testMethods) {
		return "", testMethod{}, false
	}
	return id, testMethods[i], true
}

// methodByCard finds a test payment method by card number or token (tok_visa, tok_chargeDeclined, ...).
func methodByCard(number, token string) (int, bool) {
	if name, ok := strings.CutPrefix(token, "tok_"); ok {
		i, known := methodByName[name]
		return i, known
	}
	i, known := methodByNumber[strings.ReplaceAll(number, " ", "")]
	return i, known
}
