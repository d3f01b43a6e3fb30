package demo

import (
	"math"
	"slices"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// money is how a currency's prices look.
type money struct {
	// rate is how many of it buy what a euro buys at the box office, roughly.
	rate float64
	// step is what prices are multiples of, in minor units.
	step int64
	// feeStep is what fees are multiples of, in minor units.
	feeStep int64
}

var moneys = map[string]money{
	"EUR": {1, 100, 25}, "USD": {1.1, 100, 25}, "GBP": {0.85, 50, 25}, "CHF": {1.1, 100, 50},
	"DKK": {7.5, 500, 100}, "NOK": {11.5, 500, 100}, "SEK": {11.5, 500, 100},
	"JPY": {150, 100, 10}, "HKD": {8.5, 1000, 100}, "SGD": {1.5, 100, 50},
	"AUD": {1.7, 100, 5}, "NZD": {1.8, 100, 10},
}

// tariff is a category of a layout and its price in euros for an act of middling fame.
type tariff struct {
	category string
	euros    float64
}

var tariffs = map[layout][]tariff{
	arena: {
		{seatingplan.CategoryStanding, 69},
		{seatingplan.CategoryPremium, 129},
		{seatingplan.CategoryLower, 84},
		{seatingplan.CategoryUpper, 54},
	},
	seatedArena: {
		{seatingplan.CategoryFloor, 98},
		{seatingplan.CategoryPremium, 129},
		{seatingplan.CategoryLower, 79},
		{seatingplan.CategoryUpper, 52},
	},
	stadium: {
		{seatingplan.CategoryStanding, 79},
		{seatingplan.CategoryPremium, 169},
		{seatingplan.CategoryLower, 109},
		{seatingplan.CategoryMiddle, 89},
		{seatingplan.CategoryUpper, 64},
	},
	amphitheatre: {
		{seatingplan.CategoryPremium, 99},
		{seatingplan.CategoryStalls, 69},
		{seatingplan.CategoryBalcony, 44},
	},
	theatre: {
		{seatingplan.CategoryPremium, 88},
		{seatingplan.CategoryStalls, 64},
		{seatingplan.CategoryCircle, 52},
		{seatingplan.CategoryBalcony, 34},
	},
	club: {
		{seatingplan.CategoryStanding, 32},
		{seatingplan.CategoryBalcony, 42},
	},
}

// pricesAt gives a price and a fee of about a tenth for each category of the
// venue's plan, for an act of the given fame around 1.
func pricesAt(v *Venue, fame float64) []ticket.Price {
	list := tariffs[v.layout]
	if v.standing > 0 {
		list = append(slices.Clip(list), tariff{seatingplan.CategoryStanding, 15})
	}
	m := moneys[v.Currency]
	unit := 1.0
	if digits, _ := ticket.CurrencyDigits(v.Currency); digits == 2 {
		unit = 100
	}
	prices := make([]ticket.Price, len(list))
	for i, t := range list {
		price := multiple(t.euros*fame*m.rate*unit, m.step)
		prices[i] = ticket.Price{
			Category: t.category,
			Price:    ticket.Money{Amount: price, Currency: v.Currency},
			Fee:      ticket.Money{Amount: multiple(float64(price)*0.09, m.feeStep), Currency: v.Currency},
		}
	}
	return prices
}

// multiple rounds to a positive multiple of a step.
func multiple(amount float64, step int64) int64 {
	return max(1, int64(math.Round(amount/float64(step)))) * step
}
