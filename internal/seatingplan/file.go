package seatingplan

// The bounds of a plan that Parse accepts.
const (
	// MaxBytes is the size of a file.
	MaxBytes = 32 << 20
	// MaxPlaces counts seats and standing places together.
	MaxPlaces = 200_000
	// MaxNameRunes is the length of any name, number or id.
	MaxNameRunes = 190
	// MaxCategories is the number of price categories.
	MaxCategories = 200
	// MaxCoordinate bounds positions and sizes in either direction.
	MaxCoordinate = 1_000_000
	// MaxFaults is how many faults are reported of one file.
	MaxFaults = 20
)

// File is a seating plan as it is written down. Its JSON is a pretix seating
// plan; Standing is ours.
type File struct {
	Name       string     `json:"name"`
	Categories []Category `json:"categories"`
	Zones      []Zone     `json:"zones"`
	Size       Size       `json:"size"`
	Standing   []Standing `json:"standing,omitempty"`
}

// Category is a price level. Color is a CSS color.
type Category struct {
	Name  string `json:"name"`
	Color string `json:"color,omitempty"`
}

// Size is that of the whole drawing, in pixels.
type Size struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Point is a position relative to whatever contains it: a zone lies in the
// drawing, a row in its zone, a seat in its row. Y grows downwards.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

func (p Point) plus(q Point) Point { return Point{X: p.X + q.X, Y: p.Y + q.Y} }

// Zone groups rows and drawn areas.
type Zone struct {
	Name     string `json:"name"`
	ZoneID   string `json:"zone_id,omitempty"`
	UUID     string `json:"uuid,omitempty"`
	Position Point  `json:"position"`
	Rows     []Row  `json:"rows"`
	Areas    []Area `json:"areas,omitempty"`
}

// Row is a row of seats. NumberPosition is where its number is drawn: "start",
// "end", "both" or nowhere. SeatLabel may hold %s for the seat's number.
type Row struct {
	Number         string `json:"row_number"`
	NumberPosition string `json:"row_number_position,omitempty"`
	Label          string `json:"row_label,omitempty"`
	SeatLabel      string `json:"seat_label,omitempty"`
	UUID           string `json:"uuid,omitempty"`
	Position       Point  `json:"position"`
	Seats          []Seat `json:"seats"`
}

// Seat is a seat. GUID is unique in the file; Radius 0 stands for the usual 10.
type Seat struct {
	GUID           string  `json:"seat_guid"`
	Number         string  `json:"seat_number"`
	UUID           string  `json:"uuid,omitempty"`
	StartDirection string  `json:"start_direction,omitempty"`
	Radius         float64 `json:"radius,omitempty"`
	Position       Point   `json:"position"`
	Category       string  `json:"category"`
}

// Standing is an area in which places are numbered and nothing else.
type Standing struct {
	Name     string `json:"name"`
	Category string `json:"category"`
	Capacity int    `json:"capacity"`
}

// Area is something drawn that is no seat: a stage, a bar, a table. Only the
// member that Shape names is drawn, and Text on top of it.
type Area struct {
	Shape       string     `json:"shape,omitempty"`
	Color       string     `json:"color,omitempty"`
	BorderColor string     `json:"border_color,omitempty"`
	Rotation    float64    `json:"rotation,omitempty"` // degrees clockwise around Position
	Position    Point      `json:"position"`
	UUID        string     `json:"uuid,omitempty"`
	Polygon     *Polygon   `json:"polygon,omitempty"`
	Rectangle   *Rectangle `json:"rectangle,omitempty"`
	Ellipse     *Ellipse   `json:"ellipse,omitempty"`
	Circle      *Circle    `json:"circle,omitempty"`
	Text        *Text      `json:"text,omitempty"`
}

// Polygon has its corners relative to the area's position.
type Polygon struct {
	Points []Point `json:"points"`
}

// Rectangle has its upper left corner at the area's position.
type Rectangle struct {
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Ellipse has its centre at the area's position.
type Ellipse struct {
	Radius Point `json:"radius"`
}

// Circle has its centre at the area's position.
type Circle struct {
	Radius float64 `json:"radius"`
}

// Text is written at its own position, relative to the area's. Size 0 stands
// for the usual 16.
type Text struct {
	Text     string  `json:"text"`
	Color    string  `json:"color,omitempty"`
	Size     float64 `json:"size,omitempty"`
	Position Point   `json:"position"`
}

// Places counts seats and standing places.
func (f *File) Places() int {
	n := 0
	for _, z := range f.Zones {
		for _, r := range z.Rows {
			n += len(r.Seats)
		}
	}
	for _, s := range f.Standing {
		n += s.Capacity
	}
	return n
}
