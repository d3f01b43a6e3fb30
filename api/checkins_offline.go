package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// maxScans bounds one upload.
const maxScans = 1000

func (s *Server) registerOfflineDoor(api huma.API, tags []string) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[checkinListBody](), true, "CheckinList")
	register(s, api, huma.Operation{
		OperationID: "get-checkin-list", Method: http.MethodGet, Path: "/v1/events/{event_id}/checkin-list", Tags: tags,
		Summary: "Every ticket of an event, for doors that go offline",
		Description: "A door that is offline checks a code's signature with `/.well-known/ticket-keys.json`, finds its ticket in this " +
			"list, and lets in whose line is `valid` and of the code's generation, once a device. The ETag changes with any line.",
		Responses: map[string]*huma.Response{
			"200": jsonResponse("The list; it is whole when it is valid JSON.", schema), "304": {Description: "The caller's copy is good."},
		},
	}, only(ticket.RoleDoor), s.checkinList)
	register(s, api, huma.Operation{
		OperationID: "upload-checkins", Method: http.MethodPost, Path: "/v1/checkins/batch", Tags: tags, MaxBodyBytes: 1 << 20,
		Summary: "Hand in what was scanned offline",
		Description: "Each scan has a result of its own, in the order of the request; sending a scan again writes nothing. The first " +
			"admission by time is the ticket's, also when it arrives later than another.",
	}, only(ticket.RoleDoor), s.uploadCheckins)
}

// checkinListBody documents what checkinList streams.
type checkinListBody struct {
	EventID string       `json:"event_id"`
	Version string       `json:"version" doc:"The same as long as every line is; the ETag."`
	Items   []listedItem `json:"items" doc:"In the order of the plan."`
}

type listedItem struct {
	TicketID   string     `json:"ticket_id"`
	Generation int        `json:"generation" doc:"Codes of other generations are dead."`
	SeatID     string     `json:"seat_id"`
	Zone       string     `json:"zone"`
	Row        string     `json:"row"`
	Number     string     `json:"number"`
	Status     string     `json:"status" enum:"valid,used,revoked,frozen" doc:"frozen: the payment is disputed; whoever has it is sent to the box office."`
	UsedAt     *time.Time `json:"used_at,omitempty"`
	DeviceID   string     `json:"device_id,omitempty"`
}

type checkinListInput struct {
	EventPath
	IfNoneMatch string `header:"If-None-Match"`
}

func (s *Server) checkinList(ctx context.Context, in *checkinListInput) (*huma.StreamResponse, error) {
	event, plan, err := s.eventAndPlan(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	etag := func(version string) string { return `"` + version + `"` }
	known := func(version string) bool { return matches(in.IfNoneMatch, etag(version)) }
	list, err := s.deps.Checkins.CheckinList(ctx, event.ID, known)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humachi.Unwrap(hctx)
		w.Header().Set("ETag", etag(list.Version))
		w.Header().Set("Cache-Control", "private, no-cache")
		if known(list.Version) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := writeCheckinList(w, event.ID, plan, list); err != nil {
			s.log.DebugContext(ctx, "check-in list was not sent whole", "event_id", event.ID, "error", err.Error())
		}
	}}, nil
}

// writeCheckinList encodes line by line, so that the text of a stadium is never
// in memory as a whole.
func writeCheckinList(w io.Writer, eventID string, plan *ticket.Plan, list postgres.CheckinList) error {
	out := bufio.NewWriterSize(w, 32<<10)
	fmt.Fprintf(out, `{"event_id":%q,"version":%q,"items":[`, eventID, list.Version)
	for i, t := range list.Tickets {
		if t.SeatIndex >= len(plan.Seats) {
			return fmt.Errorf("ticket %s: the plan has no place %d", t.ID, t.SeatIndex)
		}
		seat := &plan.Seats[t.SeatIndex]
		item := listedItem{
			TicketID: t.ID, Generation: t.Generation, SeatID: seat.ID, Zone: seat.Zone, Row: seat.Row, Number: seat.Number, Status: "valid",
		}
		switch t.Status {
		case ticket.TicketUsed:
			item.Status, item.UsedAt, item.DeviceID = "used", timeOrNil(t.UsedAt), t.UsedDevice
		case ticket.TicketLive:
			if t.Frozen {
				item.Status = "frozen"
			}
		default:
			item.Status = "revoked"
		}
		text, err := json.Marshal(item)
		if err != nil {
			return err
		}
		if i > 0 {
			_ = out.WriteByte(',') // Flush reports what fails
		}
		_, _ = out.Write(text)
	}
	_, _ = out.WriteString("]}")
	return out.Flush()
}

type uploadInput struct {
	Body struct {
		EventID string        `json:"event_id,omitempty" maxLength:"120" doc:"The doors' event, id or slug; any when it is left out."`
		Scans   []offlineScan `json:"scans" minItems:"1" maxItems:"1000" nullable:"false"`
	}
}

type offlineScan struct {
	Code     string    `json:"code" minLength:"1" maxLength:"512"`
	DeviceID string    `json:"device_id" minLength:"1" maxLength:"120"`
	At       time.Time `json:"at" doc:"When the device let the person in, by its clock."`
}

type uploadOutput struct {
	Body struct {
		Items     []uploadedScan `json:"items" doc:"One result a scan, in the order of the request."`
		Conflicts int            `json:"conflicts" doc:"How many of the scans let somebody in who should not have come in."`
	}
}

type uploadedScan struct {
	Result string `json:"result" enum:"admitted,conflict,refused" doc:"conflict: another scan of the ticket was earlier. refused: the code let nobody in, see code."`
	// Code says why not.
	Code   ticket.Code          `json:"code,omitempty" doc:"already-used, refunded, frozen or invalid-ticket."`
	Ticket *checkedTicket       `json:"ticket,omitempty"`
	Seat   *checkedSeat         `json:"seat,omitempty"`
	Others []postgres.Admission `json:"others,omitempty" doc:"The other admissions on the ticket, by time."`
	Again  bool                 `json:"again,omitempty" doc:"The scan had been handed in before."`
}

func (s *Server) uploadCheckins(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	eventID, now := "", time.Now()
	if in.Body.EventID != "" {
		e, err := s.deps.Plans.Event(ctx, in.Body.EventID)
		if ticket.CodeOf(err) == ticket.CodeNotFound {
			return nil, ticket.Invalid("event_id", "there is no event %q", in.Body.EventID)
		}
		if err != nil {
			return nil, err
		}
		eventID = e.ID
	}
	for i, scan := range in.Body.Scans[:min(len(in.Body.Scans), maxScans)] {
		if err := scanTime(fmt.Sprintf("scans[%d].at", i), scan.At, now); err != nil {
			return nil, err
		}
	}
	out := &uploadOutput{}
	for _, scan := range in.Body.Scans {
		result, err := s.upload(ctx, eventID, scan)
		if err != nil {
			return nil, err // those before it are written; sent again, they are as they were
		}
		if result.Result != "admitted" {
			out.Body.Conflicts++
		}
		out.Body.Items = append(out.Body.Items, result)
	}
	return out, nil
}

func (s *Server) upload(ctx context.Context, eventID string, in offlineScan) (out uploadedScan, err error) {
	scan := postgres.Scan{EventID: eventID, DeviceID: in.DeviceID, DoorID: caller(ctx).ID, At: in.At.UTC().Truncate(time.Microsecond)}
	scan.TicketID, scan.Generation, err = s.deps.Scanner.VerifyTicketCode(in.Code)
	if err != nil {
		return uploadedScan{Result: "refused", Code: ticket.CodeOf(err)}, nil
	}
	o, err := s.deps.Checkins.RecordScan(ctx, scan)
	if ticket.CodeOf(err) == ticket.CodeInvalidTicket {
		return uploadedScan{Result: "refused", Code: ticket.CodeInvalidTicket}, nil
	}
	if err != nil {
		return out, err
	}
	seat, err := s.checkedSeat(ctx, o.CheckedTicket)
	if err != nil {
		return out, err
	}
	checked := showChecked(o.CheckedTicket)
	out = uploadedScan{Result: "admitted", Code: o.Refusal, Ticket: &checked, Seat: &seat, Others: o.Others, Again: o.Again}
	switch o.Refusal {
	case "":
	case ticket.CodeAlreadyUsed:
		out.Result = "conflict"
	default:
		out.Result = "refused"
	}
	return out, nil
}

// messageOf gives what an error tells a caller.
func messageOf(err error) string {
	if e, ok := errors.AsType[*ticket.Error](err); ok {
		return e.Message
	}
	return ""
}
