package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// DoorDeps is what doors work with.
type DoorDeps struct {
	Checkins Checkins
	Scanner  Scanner
}

// Checkins lets the holders of tickets in; see postgres.Sales.
type Checkins interface {
	CheckIn(ctx context.Context, scan postgres.Scan) (postgres.CheckedTicket, error)
	RecordScan(ctx context.Context, scan postgres.Scan) (postgres.OfflineScan, error)
	CheckinList(ctx context.Context, eventID string, known func(version string) bool) (postgres.CheckinList, error)
}

// Scanner reads the codes on tickets.
type Scanner interface {
	VerifyTicketCode(code string) (ticketID string, generation int, err error)
}

const (
	// scanWindow is how long a device that names no key gets the same answer to
	// the same code again: longer than a lost answer is waited for by hand,
	// shorter than it takes to hand a ticket over the fence.
	scanWindow = 5 * time.Second
	// How far the clock of a device may be off, and how old a scan may be.
	scanAhead = 2 * time.Minute
	scanAge   = 30 * 24 * time.Hour
)

func (s *Server) registerDoor(api huma.API) {
	tags := []string{"Door"}
	register(s, api, huma.Operation{
		OperationID: "check-in", Method: http.MethodPost, Path: "/v1/checkins", Tags: tags,
		Summary: "Let the holder of a ticket in, once",
		Description: "Of any number of doors that send a code at the same time one is answered 200, the others 409 `already-used` " +
			"with `used_at` and `device_id` of the first. 409 `frozen` while the payment is disputed. A scan that is sent again gets the same answer: under the same " +
			"Idempotency-Key, with the same `device_id` and `at`, or from the same `device_id` within 5 seconds.",
	}, only(ticket.RoleDoor), s.checkIn)
	s.registerOfflineDoor(api, tags)
}

type checkInInput struct {
	IdempotencyKey
	Body struct {
		Code     string     `json:"code" minLength:"1" maxLength:"512" doc:"What the scanner read."`
		EventID  string     `json:"event_id,omitempty" maxLength:"120" doc:"The door's event, id or slug; tickets of others are refused. Any event when it is left out."`
		DeviceID string     `json:"device_id,omitempty" maxLength:"120" doc:"Names the device that scanned; the account when it is left out."`
		At       *time.Time `json:"at,omitempty" doc:"When it scanned; now when it is left out."`
	}
}

type checkInOutput struct {
	Body checkInBody
}

type checkInBody struct {
	Ticket checkedTicket `json:"ticket"`
	Seat   checkedSeat   `json:"seat"`
	Again  bool          `json:"again,omitempty" doc:"The scan had been taken before: this is its answer once more."`
}

type checkedTicket struct {
	ID        string              `json:"id"`
	BookingID string              `json:"booking_id"`
	EventID   string              `json:"event_id"`
	Status    ticket.TicketStatus `json:"status"`
	UsedAt    *time.Time          `json:"used_at"`
	DeviceID  string              `json:"device_id"`
}

type checkedSeat struct {
	ID       string `json:"id"`
	Zone     string `json:"zone"`
	Row      string `json:"row"`
	Number   string `json:"number"`
	Category string `json:"category"`
}

func (s *Server) checkIn(ctx context.Context, in *checkInInput) (*checkInOutput, error) {
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	scan := postgres.Scan{DoorID: caller(ctx).ID, DeviceID: in.Body.DeviceID, Key: in.Key, At: time.Now()}
	if in.Body.At != nil {
		if err := scanTime("at", *in.Body.At, scan.At); err != nil {
			return nil, err
		}
		scan.At = *in.Body.At
	}
	if scan.DeviceID == "" {
		scan.DeviceID = scan.DoorID // which many gates may share: only a key tells a scan sent again from another
	} else {
		scan.Window = scanWindow
	}
	if in.Body.EventID != "" {
		e, err := s.deps.Plans.Event(ctx, in.Body.EventID)
		if ticket.CodeOf(err) == ticket.CodeNotFound {
			return nil, ticket.Invalid("event_id", "there is no event %q", in.Body.EventID)
		}
		if err != nil {
			return nil, err
		}
		scan.EventID = e.ID
	}
	return s.scan(ctx, in.Body.Code, scan)
}

func (s *Server) scan(ctx context.Context, code string, scan postgres.Scan) (out *checkInOutput, err error) {
	if scan.TicketID, scan.Generation, err = s.deps.Scanner.VerifyTicketCode(code); err != nil {
		return nil, err
	}
	scan.At = scan.At.UTC().Truncate(time.Microsecond) // as the database keeps it
	c, err := s.deps.Checkins.CheckIn(ctx, scan)
	if err != nil {
		return nil, s.explainScan(ctx, c, err)
	}
	seat, err := s.checkedSeat(ctx, c)
	if err != nil {
		return nil, err
	}
	return &checkInOutput{Body: checkInBody{Ticket: showChecked(c), Seat: seat, Again: c.Again}}, nil
}

// explainScan adds to a refusal what the door tells the person before it.
func (s *Server) explainScan(ctx context.Context, c postgres.CheckedTicket, err error) error {
	code := ticket.CodeOf(err)
	if code != ticket.CodeAlreadyUsed && code != ticket.CodeRefunded && code != ticket.CodeFrozen {
		return err
	}
	e := ticket.Errorf(code, "%s", messageOf(err))
	e.Extra = map[string]any{"ticket_id": c.ID}
	if !c.Used.At.IsZero() {
		e.Extra["used_at"], e.Extra["device_id"] = c.Used.At, c.Used.DeviceID
	}
	if seat, failed := s.checkedSeat(ctx, c); failed == nil {
		e.Extra["seat"] = seat
	}
	return e
}

func showChecked(c postgres.CheckedTicket) checkedTicket {
	return checkedTicket{
		ID: c.ID, BookingID: c.BookingID, EventID: c.EventID, Status: c.Status, UsedAt: timeOrNil(c.Used.At), DeviceID: c.Used.DeviceID,
	}
}

func (s *Server) checkedSeat(ctx context.Context, c postgres.CheckedTicket) (checkedSeat, error) {
	_, plan, err := s.eventAndPlan(ctx, c.EventID)
	if err != nil {
		return checkedSeat{}, err
	}
	return showSeat(&plan.Seats[c.SeatIndex]), nil
}

func showSeat(seat *ticket.Seat) checkedSeat {
	return checkedSeat{ID: seat.ID, Zone: seat.Zone, Row: seat.Row, Number: seat.Number, Category: seat.Category}
}

// scanTime bounds what a device says about its scan.
func scanTime(field string, at, now time.Time) error {
	switch {
	case at.After(now.Add(scanAhead)):
		return ticket.Invalid(field, "lies in the future; it is %s here", now.UTC().Format(time.RFC3339))
	case at.Before(now.Add(-scanAge)):
		return ticket.Invalid(field, "is more than 30 days old")
	}
	return nil
}
