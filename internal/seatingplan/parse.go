package seatingplan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"yourticket.example/ticket"
)

// Parse reads a seating plan. Every fault that it finds, up to MaxFaults, is
// one of the Fields of the *ticket.Error with CodeInvalid that it returns.
func Parse(document []byte) (*File, error) {
	if len(document) > MaxBytes {
		return nil, refusal([]ticket.FieldError{{
			Field: "document", Message: fmt.Sprintf("must not be larger than %d MiB", MaxBytes>>20),
		}})
	}
	if !utf8.Valid(document) {
		return nil, refusal([]ticket.FieldError{{Field: "document", Message: "is not UTF-8 text"}})
	}
	p := &parser{reader: newReader(document)}
	f := p.file()
	p.end()
	if !p.stop {
		p.check(f)
	}
	if len(p.faults) > 0 {
		return nil, refusal(p.faults)
	}
	return f, nil
}

func refusal(faults []ticket.FieldError) *ticket.Error {
	message := "The seating plan has a fault."
	switch n := len(faults); {
	case n >= MaxFaults:
		message = fmt.Sprintf("The seating plan has at least %d faults.", n)
	case n > 1:
		message = fmt.Sprintf("The seating plan has %d faults.", n)
	}
	return &ticket.Error{Code: ticket.CodeInvalid, Message: message, Fields: faults}
}

// parser reads the parts of a file, one method each.
type parser struct {
	*reader
	places int
}

func (p *parser) file() *File {
	f := &File{Categories: []Category{}, Zones: []Zone{}}
	p.object("a seating plan", []string{"name", "categories", "zones", "size"}, func(field string) bool {
		switch field {
		case "name":
			f.Name = p.name()
		case "categories":
			p.array(func() { f.Categories = append(f.Categories, p.category()) })
		case "zones":
			p.array(func() { f.Zones = append(f.Zones, p.zone()) })
		case "size":
			f.Size = p.size()
		case "standing":
			p.array(func() { f.Standing = append(f.Standing, p.standing()) })
		default:
			return false
		}
		return true
	})
	return f
}

func (p *parser) category() (c Category) {
	p.object("a category", []string{"name"}, func(field string) bool {
		switch field {
		case "name":
			c.Name = p.name()
		case "color":
			c.Color = p.color()
		default:
			return false
		}
		return true
	})
	return c
}

func (p *parser) size() (s Size) {
	p.object("a size", []string{"width", "height"}, func(field string) bool {
		switch field {
		case "width":
			s.Width = p.integer(1, MaxCoordinate)
		case "height":
			s.Height = p.integer(1, MaxCoordinate)
		default:
			return false
		}
		return true
	})
	return s
}

func (p *parser) zone() Zone {
	z := Zone{Rows: []Row{}}
	p.object("a zone", []string{"position", "rows"}, func(field string) bool {
		switch field {
		case "name":
			z.Name = p.text()
		case "zone_id":
			z.ZoneID = p.text()
		case "uuid":
			z.UUID = p.text()
		case "position":
			z.Position = p.point()
		case "rows":
			p.array(func() { z.Rows = append(z.Rows, p.row()) })
		case "areas":
			p.array(func() { z.Areas = append(z.Areas, p.area()) })
		default:
			return false
		}
		return true
	})
	return z
}

func (p *parser) row() Row {
	row := Row{Seats: []Seat{}}
	p.object("a row", []string{"seats", "row_number"}, func(field string) bool {
		switch field {
		case "row_number":
			row.Number = p.text()
		case "row_number_position":
			row.NumberPosition = p.oneOfOrNull("start", "end", "both")
		case "row_label":
			row.Label = p.textOrNull()
		case "seat_label":
			row.SeatLabel = p.textOrNull()
		case "uuid":
			row.UUID = p.text()
		case "position":
			row.Position = p.point()
		case "seats":
			p.array(func() { row.Seats = append(row.Seats, p.seat()) })
		default:
			return false
		}
		return true
	})
	return row
}

func (p *parser) seat() (s Seat) {
	p.count(1)
	p.object("a seat", []string{"seat_guid", "seat_number", "position", "category"}, func(field string) bool {
		switch field {
		case "seat_guid":
			s.GUID = p.name()
		case "seat_number":
			s.Number = p.text()
		case "uuid":
			s.UUID = p.text()
		case "start_direction":
			s.StartDirection = p.textOrNull()
		case "radius":
			s.Radius = p.number(0, MaxCoordinate)
		case "position":
			s.Position = p.point()
		case "category":
			s.Category = p.name()
		default:
			return false
		}
		return true
	})
	return s
}

func (p *parser) standing() (s Standing) {
	p.object("a standing area", []string{"name", "category", "capacity"}, func(field string) bool {
		switch field {
		case "name":
			s.Name = p.name()
		case "category":
			s.Category = p.name()
		case "capacity":
			s.Capacity = p.integer(1, MaxPlaces)
			p.count(s.Capacity)
		default:
			return false
		}
		return true
	})
	return s
}

// count adds places and ends the reading when there are too many.
func (p *parser) count(places int) {
	if p.places += places; p.places > MaxPlaces && !p.stop {
		p.fault("makes the plan larger than %d places", MaxPlaces)
		p.stop = true
	}
}

func (p *parser) point() (pt Point) {
	p.object("a position", []string{"x", "y"}, func(field string) bool {
		switch field {
		case "x":
			pt.X = p.number(-MaxCoordinate, MaxCoordinate)
		case "y":
			pt.Y = p.number(-MaxCoordinate, MaxCoordinate)
		default:
			return false
		}
		return true
	})
	return pt
}

// color reads a CSS color. Whoever draws the plan puts it into a page, so
// nothing but names, numbers and the functions of CSS gets through.
func (p *parser) color() string {
	s := p.textOrNull()
	if strings.Trim(s, "#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(),.%/ -") != "" {
		p.fault("must be a CSS color")
	}
	return s
}

func (p *parser) oneOf(values ...string) string {
	tok, ok := p.next()
	if !ok {
		return ""
	}
	return p.among(p.textOf(tok), values)
}

func (p *parser) oneOfOrNull(values ...string) string {
	tok, ok := p.next()
	if !ok || tok == nil {
		return ""
	}
	return p.among(p.textOf(tok), values)
}

func (p *parser) among(s string, values []string) string {
	if !slices.Contains(values, s) {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = strconv.Quote(v)
		}
		p.fault("%q is not one of %s", clip(s), strings.Join(quoted, ", "))
	}
	return s
}
