package ticket

// SeatState is the state of one place in the live map; its byte is what the
// availability answer and the Redis string hold.
type SeatState byte

// The states of a place.
const (
	SeatAvailable SeatState = 'a'
	SeatHeld      SeatState = 'h'
	SeatSold      SeatState = 's'
	SeatBlocked   SeatState = 'b'
)

// Seat is one place of a seating plan. Places of a standing area are numbered
// and have an empty row.
type Seat struct {
	// ID is unique within the plan (pretix's seat_guid).
	ID string `json:"id"`
	// Index is the place's position in the plan, 0 to n-1; the seat map,
	// Redis and Postgres name places by it.
	Index    int     `json:"index"`
	Zone     string  `json:"zone"`
	Row      string  `json:"row"`
	Number   string  `json:"number"`
	Category string  `json:"category"`
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
}

// Standing tells whether the place belongs to a standing area.
func (s *Seat) Standing() bool { return s.Row == "" }

// SeatRow is a run of places that lie side by side: Seats holds their indexes
// from one end of the row to the other. A standing area is one row whose
// places are interchangeable.
type SeatRow struct {
	Zone     string
	Row      string
	Category string
	Standing bool
	// Rank orders rows from the best (0) to the worst.
	Rank  int
	Seats []int
}

// Plan is a seating plan with its places in the order of their indexes.
// It never changes once an event uses it.
type Plan struct {
	ID    string
	Name  string
	Seats []Seat

	byID map[string]int
}

// NewPlan makes a plan and its look-up table. Seats must be in index order
// with unique ids.
func NewPlan(id, name string, seats []Seat) *Plan {
	p := &Plan{ID: id, Name: name, Seats: seats, byID: make(map[string]int, len(seats))}
	for i := range seats {
		p.byID[seats[i].ID] = i
	}
	return p
}

// IndexOf gives the index of the place with this id, and false when the plan
// has none.
func (p *Plan) IndexOf(seatID string) (int, bool) {
	i, ok := p.byID[seatID]
	return i, ok
}

// Categories lists the plan's price categories in order of first appearance.
func (p *Plan) Categories() []string {
	var out []string
	seen := map[string]bool{}
	for i := range p.Seats {
		if c := p.Seats[i].Category; !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}
