package api

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yourticket.example/ticket"
)

// faults collects what is wrong with a request, so that its sender hears of
// everything at once.
type faults []ticket.FieldError

// add notes a fault of the field with this path.
func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, ticket.FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

// err is nil when nothing is wrong.
func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return &ticket.Error{
		Code: ticket.CodeInvalid, Message: "The request is not valid.", Fields: (*f)[:min(len(*f), maxFieldErrors)],
	}
}

// line trims a text in place, which must be one line of 1 to maximum characters.
func (f *faults) line(field string, text *string, maximum int) {
	*text = strings.TrimSpace(*text)
	n := utf8.RuneCountInString(*text)
	switch {
	case n == 0:
		f.add(field, "must not be empty")
	case n > maximum:
		f.add(field, "may have %d characters at most", maximum)
	case strings.ContainsFunc(*text, unicode.IsControl):
		f.add(field, "must not hold control characters")
	}
}

// prose trims a text in place, which may have several lines or be empty.
func (f *faults) prose(field string, text *string, maximum int) {
	*text = strings.TrimSpace(*text)
	if utf8.RuneCountInString(*text) > maximum {
		f.add(field, "may have %d characters at most", maximum)
	}
	if strings.ContainsFunc(*text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }) {
		f.add(field, "must not hold control characters")
	}
}

// horizon is how far ahead a date may lie.
const horizon = 10 * 366 * 24 * time.Hour

// dates checks that an event's dates are in order and near enough to be meant.
func (f *faults) dates(e *ticket.Event, now time.Time) {
	if !e.StartsAt.After(now) && e.Status != ticket.EventPostponed { // its date may be past before there is another
		f.add("starts_at", "must be in the future")
	}
	if e.StartsAt.After(now.Add(horizon)) {
		f.add("starts_at", "is more than ten years away")
	}
	if e.DoorsAt.After(e.StartsAt) || e.DoorsAt.Before(e.StartsAt.Add(-48*time.Hour)) {
		f.add("doors_at", "must be within the two days before starts_at")
	}
	if !e.OnSaleAt.Before(e.StartsAt) {
		f.add("on_sale_at", "must be before starts_at")
	}
	if e.OnSaleAt.Before(now.Add(-horizon)) {
		f.add("on_sale_at", "is more than ten years ago")
	}
}

// prices checks prices against the plan's categories and gives them with their
// currency, which is the same for all of an event. Without categories, of a plan
// that is not there, it checks the rest.
func (f *faults) prices(given []priceBody, categories []string) (prices []ticket.Price, currency string) {
	known, priced := map[string]bool{}, map[string]bool{}
	for _, c := range categories {
		known[c] = true
	}
	for i, p := range given {
		at := fmt.Sprintf("prices[%d]", i)
		if i == 0 {
			currency = p.Price.Currency
		}
		switch {
		case !known[p.Category] && len(categories) > 0:
			f.add(at+".category", "%q is not a category of the plan", p.Category)
		case priced[p.Category]:
			f.add(at+".category", "%q has a price already", p.Category)
		}
		priced[p.Category] = true
		fee := moneyBody{Currency: p.Price.Currency}
		if p.Fee != nil {
			fee = *p.Fee
		}
		f.money(at+".price", p.Price, currency)
		f.money(at+".fee", fee, currency)
		if p.Price.Amount == 0 && fee.Amount == 0 {
			f.add(at+".price.amount", "must be more than 0, or have a fee: no provider takes a payment of nothing")
		}
		prices = append(prices, ticket.Price{Category: p.Category, Price: ticket.Money(p.Price), Fee: ticket.Money(fee)})
	}
	for _, c := range categories {
		if !priced[c] {
			f.add("prices", "the plan's category %q has no price", c)
		}
	}
	return prices, currency
}

func (f *faults) money(field string, m moneyBody, currency string) {
	if _, ok := ticket.CurrencyDigits(m.Currency); !ok {
		f.add(field+".currency", "%q is not a currency that we sell in: %s", m.Currency, strings.Join(ticket.Currencies(), ", "))
	} else if m.Currency != currency {
		f.add(field+".currency", "must be %s, as that of the first price", currency)
	}
	if m.Amount < 0 || m.Amount > ticket.MaxAmount {
		f.add(field+".amount", "must be from 0 to %d minor units", ticket.MaxAmount)
	}
}

// countries are the codes that ISO 3166-1 assigns.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// country takes an ISO 3166-1 alpha-2 code in capitals.
func (f *faults) country(field, code string) {
	if len(code) != 2 || !strings.Contains(countries, code+" ") || strings.Contains(code, " ") {
		f.add(field, "must be an ISO 3166-1 alpha-2 code, such as DE")
	}
}
