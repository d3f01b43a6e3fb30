package seatingplan

func (p *parser) area() (a Area) {
	p.object("an area", nil, func(field string) bool {
		switch field {
		case "shape":
			a.Shape = p.oneOf("polygon", "rectangle", "ellipse", "circle", "text")
		case "color":
			a.Color = p.color()
		case "border_color":
			a.BorderColor = p.color()
		case "rotation":
			a.Rotation = p.number(-MaxCoordinate, MaxCoordinate)
		case "position":
			a.Position = p.point()
		case "uuid":
			a.UUID = p.text()
		case "text":
			a.Text = p.areaText()
		default:
			return p.shape(&a, field)
		}
		return true
	})
	return a
}

// shape reads the member that holds the measures of a shape.
func (p *parser) shape(a *Area, field string) bool {
	switch field {
	case "polygon":
		a.Polygon = &Polygon{Points: []Point{}}
		p.members("a polygon", map[string]func(){"points": func() {
			p.array(func() { a.Polygon.Points = append(a.Polygon.Points, p.point()) })
		}})
	case "rectangle":
		a.Rectangle = &Rectangle{}
		p.members("a rectangle", map[string]func(){
			"width":  func() { a.Rectangle.Width = p.number(0, MaxCoordinate) },
			"height": func() { a.Rectangle.Height = p.number(0, MaxCoordinate) },
		})
	case "ellipse":
		a.Ellipse = &Ellipse{}
		p.members("an ellipse", map[string]func(){"radius": func() { a.Ellipse.Radius = p.point() }})
	case "circle":
		a.Circle = &Circle{}
		p.members("a circle", map[string]func(){"radius": func() { a.Circle.Radius = p.number(0, MaxCoordinate) }})
	default:
		return false
	}
	return true
}

// members reads an object all of whose members are required.
func (p *parser) members(what string, read map[string]func()) {
	required := make([]string, 0, len(read))
	for _, name := range []string{"points", "width", "height", "radius"} {
		if read[name] != nil {
			required = append(required, name)
		}
	}
	p.object(what, required, func(field string) bool {
		f := read[field]
		if f == nil {
			return false
		}
		f()
		return true
	})
}

func (p *parser) areaText() *Text {
	t := &Text{}
	p.object("a text", []string{"text", "position"}, func(field string) bool {
		switch field {
		case "text":
			t.Text = p.text()
		case "color":
			t.Color = p.color()
		case "size":
			t.Size = p.number(0, MaxCoordinate)
		case "position":
			t.Position = p.point()
		default:
			return false
		}
		return true
	})
	return t
}
