package demo

import (
	"time"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// Password is that of every demo account.
const Password = "yourticket-demo"

// The slugs of the events that examples and tests rely on.
const (
	// SlugArena is on sale and has no waiting room.
	SlugArena = "demo-arena"
	// SlugStadium is on sale behind a waiting room: 50,000 places, seated and standing.
	SlugStadium = "demo-stadium"
	// SlugSoon is not on sale yet.
	SlugSoon = "demo-soon"
)

// Demo is the whole catalogue.
type Demo struct {
	Users  []User
	Venues []Venue
	Events []Event
}

// User is an account with its password in the clear.
type User struct {
	ticket.User
	Password string
}

// Venue is a real concert venue. Its ID is empty; Key names it for good.
type Venue struct {
	ticket.Venue
	Key string
	// Capacity is what the venue states for concerts; its plan has exactly as
	// many places.
	Capacity int
	// Currency is the one that tickets are sold in there (ISO 4217).
	Currency string
	// TimeZone is the name of the venue's zone in the IANA database.
	TimeZone string
	layout   layout
	// standing is the part of a theatre's capacity that stands.
	standing int
}

// Event is a concert. ID, PlanID, OrganizerID and Venue.ID are empty; the
// organizer is the account with that role, the plan is the venue's.
type Event struct {
	ticket.Event
	// VenueIndex is the event's place in Demo.Venues.
	VenueIndex int
}

// Plan draws the venue's seating plan. It takes milliseconds and gives the same
// plan every time.
func (v *Venue) Plan() *seatingplan.File {
	switch v.layout {
	case arena:
		return seatingplan.GenerateArena(v.Name, v.Capacity, seatingplan.StandingFloor)
	case seatedArena:
		return seatingplan.GenerateArena(v.Name, v.Capacity, seatingplan.SeatedFloor)
	case stadium:
		return seatingplan.GenerateStadium(v.Name, v.Capacity)
	case amphitheatre:
		return seatingplan.GenerateAmphitheatre(v.Name, v.Capacity)
	case club:
		return seatingplan.GenerateClub(v.Name, v.Capacity)
	default:
		return seatingplan.GenerateTheatre(v.Name, v.Capacity-v.standing, v.standing)
	}
}

// Catalogue gives the catalogue with its dates counted from now: concerts 7 to
// 300 days ahead, most of them on sale.
func Catalogue(now time.Time) Demo {
	list := venues()
	return Demo{Users: users(), Venues: list, Events: schedule(list, now)}
}

func users() []User {
	account := func(local, name string, role ticket.Role) User {
		return User{
			User:     ticket.User{Email: local + "@yourticket.example", Name: name, Roles: []ticket.Role{role}},
			Password: Password,
		}
	}
	return []User{
		account("buyer", "Demo Buyer", ticket.RoleBuyer),
		account("buyer2", "Second Demo Buyer", ticket.RoleBuyer),
		account("organizer", "Demo Organizer", ticket.RoleOrganizer),
		account("support", "Demo Support", ticket.RoleSupport),
		account("finance", "Demo Finance", ticket.RoleFinance),
		account("door", "Demo Door", ticket.RoleDoor),
		account("admin", "Demo Admin", ticket.RoleAdmin),
	}
}
