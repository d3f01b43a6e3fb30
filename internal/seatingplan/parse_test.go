package seatingplan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// full uses every field of the format.
const full = `{
  "name": "Great Hall",
  "categories": [{"name": "Gold", "color": "#ffcc00"}, {"name": "Floor"}],
  "zones": [{
    "name": "Stalls", "zone_id": "st", "uuid": "0b7f4e0e-1", "position": {"x": 100, "y": 50.5},
    "rows": [{
      "row_number": "1", "row_label": "Row %s", "seat_label": null, "uuid": "0b7f4e0e-2",
      "row_number_position": "both", "position": {"x": 10, "y": 20},
      "seats": [
        {"seat_guid": "st-1-1", "seat_number": "1", "uuid": "0b7f4e0e-3", "start_direction": ">", "radius": 9.5, "position": {"x": 0, "y": 0}, "category": "Gold"},
        {"seat_guid": "st-1-2", "seat_number": "2", "start_direction": null, "position": {"x": 25, "y": -1.25}, "category": "Gold"}
      ]
    }, {"row_number": "", "row_number_position": null, "seats": [{"seat_guid": "x", "seat_number": "", "position": {"x": 1, "y": 2}, "category": "Gold"}]}],
    "areas": [
      {"shape": "rectangle", "color": "rgb(1, 2, 3)", "border_color": "black", "rotation": 90, "position": {"x": 300, "y": 40}, "uuid": "u",
       "rectangle": {"width": 40, "height": 20}, "text": {"text": "Bühne", "color": "#fff", "size": 16, "position": {"x": 1, "y": 1}}},
      {"shape": "polygon", "polygon": {"points": [{"x": 0, "y": 0}, {"x": 4, "y": 0}, {"x": 2, "y": 3}]}},
      {"shape": "circle", "circle": {"radius": 5.5}, "position": {"x": 500, "y": 500}, "text": {"text": "pit", "position": {"x": 0, "y": 0}}},
      {"shape": "ellipse", "ellipse": {"radius": {"x": 1, "y": 2}}},
      {"shape": "text", "text": {"text": "Bar", "position": {"x": 0, "y": 0}}}
    ]
  }],
  "size": {"width": 1000, "height": 800},
  "standing": [{"name": "Pit", "category": "Floor", "capacity": 3}]
}`

func TestParseTakesTheWholeFormat(t *testing.T) {
	t.Parallel()
	f, err := seatingplan.Parse([]byte(full))
	require.NoError(t, err)
	require.Equal(t, 6, f.Places())
	require.Equal(t, "Great Hall", f.Name)
	seat := f.Zones[0].Rows[0].Seats[0]
	require.Equal(t, seatingplan.Seat{
		GUID: "st-1-1", Number: "1", UUID: "0b7f4e0e-3", StartDirection: ">", Radius: 9.5, Category: "Gold",
	}, seat)
	require.Len(t, f.Zones[0].Areas, 5)
	require.InDelta(t, 5.5, f.Zones[0].Areas[2].Circle.Radius, 0)

	written, err := json.Marshal(f)
	require.NoError(t, err)
	again, err := seatingplan.Parse(written)
	require.NoError(t, err)
	require.Equal(t, f, again, "what is written is read as the same")
}

func TestPlanOfAFile(t *testing.T) {
	t.Parallel()
	f, err := seatingplan.Parse([]byte(full))
	require.NoError(t, err)
	p := f.Plan("pl_1")
	require.Equal(t, "pl_1", p.ID)
	require.Equal(t, []ticket.Seat{
		{ID: "st-1-1", Index: 0, Zone: "Stalls", Row: "1", Number: "1", Category: "Gold", X: 110, Y: 70.5},
		{ID: "st-1-2", Index: 1, Zone: "Stalls", Row: "1", Number: "2", Category: "Gold", X: 135, Y: 69.25},
		{ID: "x", Index: 2, Zone: "Stalls", Row: "2", Category: "Gold", X: 101, Y: 52.5},
		{ID: "Pit-1", Index: 3, Zone: "Pit", Number: "1", Category: "Floor", X: 600, Y: 550.5},
		{ID: "Pit-2", Index: 4, Zone: "Pit", Number: "2", Category: "Floor", X: 600, Y: 550.5},
		{ID: "Pit-3", Index: 5, Zone: "Pit", Number: "3", Category: "Floor", X: 600, Y: 550.5},
	}, p.Seats)
	i, found := p.IndexOf("Pit-2")
	require.True(t, found)
	require.Equal(t, 4, i)
	require.Equal(t, seatingplan.Point{X: 390, Y: 110.5}, f.Focus(), "the middle of the stage, turned by 90 degrees")
}

func TestParseNamesTheFault(t *testing.T) {
	t.Parallel()
	seat1 := `{"seat_guid": "st-1-1", "seat_number": "1", "uuid": "0b7f4e0e-3", "start_direction": ">", "radius": 9.5, "position": {"x": 0, "y": 0}, "category": "Gold"}`
	tests := map[string]struct{ old, new, field, message string }{
		"unknown category":         {`-1.25}, "category": "Gold"`, `-1.25}, "category": "VIP"`, "zones[0].rows[0].seats[1].category", `"VIP" is not one of the plan's categories`},
		"id used twice":            {`"st-1-2"`, `"st-1-1"`, "zones[0].rows[0].seats[1].seat_guid", `"st-1-1" is the id of zones[0].rows[0].seats[0] too`},
		"id of a standing place":   {`"st-1-2"`, `"Pit-3"`, "zones[0].rows[0].seats[1].seat_guid", `"Pit-3" is the id of a standing place too`},
		"number for a text":        {`"st-1-2"`, `12`, "zones[0].rows[0].seats[1].seat_guid", "must be a text, not a number"},
		"text for a number":        {`"y": -1.25`, `"y": "-1.25"`, "zones[0].rows[0].seats[1].position.y", "must be a number, not a text"},
		"null for an object":       {`{"x": 25, "y": -1.25}`, `null`, "zones[0].rows[0].seats[1].position", "must be an object, not null"},
		"list for an object":       {seat1, `[[1, {"a": []}]]`, "zones[0].rows[0].seats[0]", "must be an object, not a list"},
		"object for a list":        {`"standing": [`, `"standing": {}, "standing": [`, "standing", "must be a list, not an object"},
		"true for a text":          {`"name": "Stalls"`, `"name": true`, "zones[0].name", "must be a text, not true or false"},
		"missing field":            {`"seat_number": "2", `, ``, "zones[0].rows[0].seats[1].seat_number", "is required"},
		"missing coordinate":       {`{"x": 10, "y": 20}`, `{"x": 10}`, "zones[0].rows[0].position.y", "is required"},
		"missing size":             {`"size": {"width": 1000, "height": 800},`, ``, "size", "is required"},
		"field given twice":        {`"zone_id": "st"`, `"zone_id": "st", "zone_id": "ts"`, "zones[0].zone_id", "is given twice"},
		"unknown field":            {`"zone_id": "st"`, `"zone_idea": {"st": [1]}`, "zones[0].zone_idea", "is not a field of a zone"},
		"unknown top field":        {`"name": "Great Hall"`, `"name": "Great Hall", "version": 1`, "version", "is not a field of a seating plan"},
		"unknown shape":            {`"shape": "ellipse"`, `"shape": "star"`, "zones[0].areas[3].shape", `"star" is not one of "polygon", "rectangle", "ellipse", "circle", "text"`},
		"unknown member of shape":  {`"circle": {"radius": 5.5}`, `"circle": {"radius": 5.5, "width": 2}`, "zones[0].areas[2].circle.width", "is not a field of a circle"},
		"missing measure":          {`"circle": {"radius": 5.5}`, `"circle": {}`, "zones[0].areas[2].circle.radius", "is required"},
		"unknown place of numbers": {`"row_number_position": "both"`, `"row_number_position": "left"`, "zones[0].rows[0].row_number_position", `"left" is not one of "start", "end", "both"`},
		"infinite number":          {`-1.25`, `1e999`, "zones[0].rows[0].seats[1].position.y", "must be a number from -1000000 to 1000000"},
		"number far outside":       {`-1.25`, `1000001`, "zones[0].rows[0].seats[1].position.y", "must be a number from -1000000 to 1000000"},
		"broken size":              {`"width": 1000`, `"width": 10.5`, "size.width", "must be a whole number"},
		"no size":                  {`"width": 1000`, `"width": 0`, "size.width", "must be a number from 1 to 1000000"},
		"negative radius":          {`9.5`, `-9.5`, "zones[0].rows[0].seats[0].radius", "must be a number from 0 to 1000000"},
		"empty id":                 {`"st-1-2"`, `""`, "zones[0].rows[0].seats[1].seat_guid", "must not be empty"},
		"id in spaces":             {`"st-1-2"`, `" st-1-2"`, "zones[0].rows[0].seats[1].seat_guid", "must not begin or end with a space"},
		"empty name":               {`"Great Hall"`, `"  "`, "name", "must not be empty"},
		"long name":                {`"Great Hall"`, `"` + strings.Repeat("ü", 191) + `"`, "name", "must not be longer than 190 characters"},
		"control character":        {`"Great Hall"`, `"Great\u0000Hall"`, "name", "must not contain control characters"},
		"color with a script":      {`"#ffcc00"`, `"\"><script>"`, "categories[0].color", "must be a CSS color"},
		"category twice":           {`{"name": "Floor"}`, `{"name": "Floor"}, {"name": "Gold"}`, "categories[2].name", `"Gold" is the name of a category before it`},
		"standing of no category":  {`"category": "Floor"`, `"category": "Pit"`, "standing[0].category", `"Pit" is not one of the plan's categories`},
		"standing for nobody":      {`"capacity": 3`, `"capacity": 0`, "standing[0].capacity", "must be a number from 1 to 200000"},
		"standing for a half":      {`"capacity": 3`, `"capacity": 2.5`, "standing[0].capacity", "must be a whole number"},
		"standing name twice":      {`"capacity": 3}`, `"capacity": 3}, {"name": "Pit", "category": "Floor", "capacity": 1}`, "standing[1].name", `"Pit" is the name of a standing area before it`},
		"too many places":          {`"capacity": 3`, `"capacity": 199998`, "standing[0].capacity", "makes the plan larger than 200000 places"},
		"end in the middle":        {`"standing": [{"name": "Pit", "category": "Floor", "capacity": 3}]` + "\n}", ``, "document", "is not complete JSON: it ends too early"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(full, tt.old), "the old text is there once")
			_, err := seatingplan.Parse([]byte(strings.Replace(full, tt.old, tt.new, 1)))
			fields := faults(t, err)
			require.Contains(t, fields, ticket.FieldError{Field: tt.field, Message: tt.message})
			require.LessOrEqual(t, len(fields), 3, "one fault does not bring many: %v", fields)
		})
	}
}

func TestParseRefusesWhatIsNoPlan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ document, field, message string }{
		"nothing":          {"", "document", "is not complete JSON: it ends too early"},
		"a number":         {"3", "document", "must be an object, not a number"},
		"a list":           {"[]", "document", "must be an object, not a list"},
		"no JSON":          {"name: hall", "document", "is not JSON near byte 0: invalid character 'a' in literal null (expecting 'u')"},
		"not a number":     {`{"name": NaN}`, "document", "is not JSON near byte 9: invalid character 'N' looking for beginning of value"},
		"two documents":    {`{"name":"a","categories":[],"zones":[],"size":{"width":1,"height":1}} {}`, "document", "has something after its end, near byte 71"},
		"no UTF-8":         {"{\"name\": \"\xff\"}", "document", "is not UTF-8 text"},
		"no places":        {`{"name":"a","categories":[],"zones":[],"size":{"width":1,"height":1}}`, "zones", "hold no seat, and there is no standing area"},
		"deep nonsense":    {`{"name":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "name", "must be a text, not a list"},
		"larger than read": {strings.Repeat(" ", seatingplan.MaxBytes+1), "document", "must not be larger than 32 MiB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := seatingplan.Parse([]byte(tt.document))
			require.Contains(t, faults(t, err), ticket.FieldError{Field: tt.field, Message: tt.message})
		})
	}
}

func TestParseReportsSeveralFaultsAndEndsAtTwenty(t *testing.T) {
	t.Parallel()
	two := strings.Replace(strings.Replace(full, `"width": 1000`, `"width": -1`, 1), `"capacity": 3`, `"capacity": "3"`, 1)
	_, err := seatingplan.Parse([]byte(two))
	require.Len(t, faults(t, err), 2)
	require.ErrorContains(t, err, "has 2 faults")

	seats := make([]string, 0, 1000)
	for i := range 1000 {
		seats = append(seats, fmt.Sprintf(`{"seat_guid": "s%d", "seat_number": "1", "position": {"x": 0, "y": 0}, "category": "VIP"}`, i))
	}
	many := `{"name":"a","categories":[{"name":"Gold"}],"size":{"width":1,"height":1},"zones":[{"position":{"x":0,"y":0},"rows":[{"row_number":"1","seats":[` +
		strings.Join(seats, ",") + `]}]}]}`
	_, err = seatingplan.Parse([]byte(many))
	fields := faults(t, err)
	require.Len(t, fields, seatingplan.MaxFaults)
	require.Equal(t, "zones[0].rows[0].seats[19].category", fields[19].Field)
	require.ErrorContains(t, err, "at least 20 faults")
}

func faults(t *testing.T, err error) []ticket.FieldError {
	t.Helper()
	e := &ticket.Error{}
	require.ErrorAs(t, err, &e)
	require.Equal(t, ticket.CodeInvalid, e.Code)
	require.NotEmpty(t, e.Fields)
	return e.Fields
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"zones":[{"rows":[{"seats":[{}]}]}],"standing":[{"name":"-","capacity":9}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		file, err := seatingplan.Parse(document)
		if err != nil {
			require.LessOrEqual(t, len(faults(t, err)), seatingplan.MaxFaults)
			return
		}
		plan := file.Plan("p")
		require.Len(t, plan.Seats, file.Places())
		covered := 0
		for _, r := range file.Rows(plan) {
			covered += len(r.Seats)
		}
		require.Equal(t, len(plan.Seats), covered)
	})
}
