package elastic

import (
	"time"

	"yourticket.example/ticket"
)

// Document is an event as it is indexed. Its status is the stored one; what
// depends on the clock is derived when it is read.
type Document struct {
	ID          string `json:"id"`
	Slug        string `json:"slug"`
	Name        string `json:"name"`
	Artist      string `json:"artist"`
	Genre       string `json:"genre"`
	Description string `json:"description"`
	Status      string `json:"status"`
	// StatusReason says why it is postponed.
	StatusReason string        `json:"status_reason"`
	PlanID       string        `json:"plan_id"`
	Venue        DocumentVenue `json:"venue"`
	StartsAt     time.Time     `json:"starts_at"`
	DoorsAt      time.Time     `json:"doors_at"`
	OnSaleAt     time.Time     `json:"on_sale_at"`
	Currency     string        `json:"currency"`
	// Prices are the face prices in minor units, for filters and sorting;
	// PriceList says what each category costs and is not searched.
	Prices             []int64         `json:"prices"`
	PriceList          []DocumentPrice `json:"price_list"`
	Capacity           int             `json:"capacity"`
	MaxTicketsPerBuyer int             `json:"max_tickets_per_buyer"`
	WaitingRoom        bool            `json:"waiting_room"`
	SoldOut            bool            `json:"sold_out"`
	Version            int64           `json:"version"`
	UpdatedAt          time.Time       `json:"updated_at"`
}

// DocumentVenue is where the event is.
type DocumentVenue struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	City     string   `json:"city"`
	Country  string   `json:"country"`
	Location Location `json:"location"`
}

// Location is a geo_point.
type Location struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// DocumentPrice is what a place of a category costs, in minor units.
type DocumentPrice struct {
	Category string `json:"category"`
	Price    int64  `json:"price"`
	Fee      int64  `json:"fee"`
}

// NewDocument makes the document of an event that is no draft.
func NewDocument(e *ticket.Event, soldOut bool) Document {
	d := Document{
		ID: e.ID, Slug: e.Slug, Name: e.Name, Artist: e.Artist, Genre: e.Genre, Description: e.Description,
		Status: string(e.Status), StatusReason: e.StatusReason, PlanID: e.PlanID,
		Venue: DocumentVenue{
			ID: e.Venue.ID, Name: e.Venue.Name, City: e.Venue.City, Country: e.Venue.Country,
			Location: Location{Lat: e.Venue.Lat, Lon: e.Venue.Lon},
		},
		StartsAt: e.StartsAt.UTC(), DoorsAt: e.DoorsAt.UTC(), OnSaleAt: e.OnSaleAt.UTC(),
		Currency: e.Currency, Prices: make([]int64, len(e.Prices)), PriceList: make([]DocumentPrice, len(e.Prices)),
		Capacity: e.Capacity, MaxTicketsPerBuyer: e.MaxTicketsPerBuyer, WaitingRoom: e.WaitingRoom.Enabled,
		SoldOut: soldOut, Version: e.Version, UpdatedAt: e.UpdatedAt.UTC(),
	}
	for i, p := range e.Prices {
		d.Prices[i] = p.Price.Amount
		d.PriceList[i] = DocumentPrice{Category: p.Category, Price: p.Price.Amount, Fee: p.Fee.Amount}
	}
	return d
}

// Event gives the event of a document, without what documents do not hold: its
// organizer and the settings of its waiting room.
func (d *Document) Event() *ticket.Event {
	e := &ticket.Event{
		ID: d.ID, Slug: d.Slug, Name: d.Name, Artist: d.Artist, Genre: d.Genre, Description: d.Description,
		Venue: ticket.Venue{
			ID: d.Venue.ID, Name: d.Venue.Name, City: d.Venue.City, Country: d.Venue.Country,
			Lat: d.Venue.Location.Lat, Lon: d.Venue.Location.Lon,
		},
		StartsAt: d.StartsAt, DoorsAt: d.DoorsAt, OnSaleAt: d.OnSaleAt, Status: ticket.EventStatus(d.Status), StatusReason: d.StatusReason, PlanID: d.PlanID,
		MaxTicketsPerBuyer: d.MaxTicketsPerBuyer, WaitingRoom: ticket.WaitingRoom{Enabled: d.WaitingRoom},
		Currency: d.Currency, Capacity: d.Capacity, Version: d.Version, UpdatedAt: d.UpdatedAt,
		Prices: make([]ticket.Price, len(d.PriceList)),
	}
	for i, p := range d.PriceList {
		e.Prices[i] = ticket.Price{
			Category: p.Category,
			Price:    ticket.Money{Amount: p.Price, Currency: d.Currency},
			Fee:      ticket.Money{Amount: p.Fee, Currency: d.Currency},
		}
	}
	return e
}
