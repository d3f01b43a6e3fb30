package outbox_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	server "github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/mailcatcher"
	"yourticket.example/internal/outbox"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/smtp"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

func TestMain(m *testing.M) { partstest.Main(m) }

// shop has bookings on two shards whose mail waits.
type shop struct {
	store  *postgres.Sales
	shards []*pgxpool.Pool
	events []string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{}
	for n := range 2 {
		url := partstest.Postgres(t)
		_, err := postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales())
		require.NoError(t, err)
		pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 16})
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		s.shards = append(s.shards, pool)
		s.events = append(s.events, ticket.NewID(ticket.KindEvent, n))
	}
	s.store = postgres.NewSales(s.shards)
	return s
}

// sell confirms the n-th booking; its mail is in the outbox with it.
func (s *shop) sell(t *testing.T, n int) *ticket.Booking {
	t.Helper()
	event := s.events[n%2]
	buyer := fmt.Sprintf("us_%d", n)
	row := postgres.HoldRow{
		ID: ticket.DeriveBookingID(event, buyer, "k"), EventID: event, BuyerID: buyer, Status: ticket.BookingPaying,
		Items: []ticket.Item{{SeatIndex: n, Category: "A", Price: 5000}}, Total: ticket.Money{Amount: 5000, Currency: "EUR"},
		Fence: int64(n + 1), ExpiresAt: time.Now().Add(time.Minute), CreatedAt: time.Now(),
	}
	_, err := s.store.SaveHold(t.Context(), row)
	require.NoError(t, err)
	for range 2 { // a commit that is sent again writes no second mail
		require.NoError(t, s.store.Commit(t.Context(), postgres.CommitRow{
			BookingID: row.ID, Fence: row.Fence, Limit: 4, Tickets: []string{ticket.DeriveTicketID(row.ID, 0)}, At: time.Now(),
			Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_" + row.ID},
		}))
	}
	b, err := s.store.Booking(t.Context(), row.ID)
	require.NoError(t, err)
	return b
}

// known answers for the catalogue: us_1 is us_1@example.org, and so on.
type known struct{}

func (known) User(_ context.Context, id string) (ticket.User, error) {
	switch id {
	case "us_gone":
		return ticket.User{}, ticket.Errorf(ticket.CodeNotFound, "There is none.")
	case "us_erased":
		return ticket.User{ID: id, Email: "erased@accounts.invalid"}, nil
	}
	return ticket.User{ID: id, Email: id + "@example.org", Name: "Zoë"}, nil
}

func (known) Event(_ context.Context, id string) (*ticket.Event, error) {
	at := time.Now().Add(24 * time.Hour)
	return &ticket.Event{ID: id, Name: "Night", Artist: "Examples", PlanID: "pl_1", StartsAt: at, DoorsAt: at, OnSaleAt: at}, nil
}

func (known) Places(context.Context, string) (*ticket.Plan, *bestseats.Finder, error) {
	var seats []ticket.Seat
	for i := range 1000 {
		seats = append(seats, ticket.Seat{ID: fmt.Sprint(i), Index: i, Zone: "Floor", Row: "A", Number: fmt.Sprint(i)})
	}
	return ticket.NewPlan("pl_1", "Hall", seats), nil, nil
}

func (known) TicketCode(_ context.Context, t ticket.Ticket) (string, error) {
	return "code-" + t.ID, nil
}

func (s *shop) sender(t *testing.T, address string) *outbox.Sender {
	t.Helper()
	srv, err := smtp.New(address)
	require.NoError(t, err)
	return &outbox.Sender{
		Store: s.store, Server: srv, Lease: 3 * time.Second, Idle: 20 * time.Millisecond, Rest: 100 * time.Millisecond,
		Writer: &outbox.Writer{People: known{}, Events: known{}, Bookings: s.store, Codes: known{}, FromName: "YourTicket", From: "tickets@yourticket.example"},
	}
}

// run sends until the test or stop ends it.
func run(t *testing.T, s *outbox.Sender, connections int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx, connections) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func catch(t *testing.T, l net.Listener) *mailcatcher.Catcher {
	t.Helper()
	c := &mailcatcher.Catcher{}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { _ = c.Serve(ctx, l) }()
	return c
}

// statuses counts the mails of all shards by status.
func (s *shop) statuses(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, db := range s.shards {
		rows, err := db.Query(t.Context(), `SELECT status, count(*) FROM outbox GROUP BY status`)
		require.NoError(t, err)
		for rows.Next() {
			var (
				status string
				n      int
			)
			require.NoError(t, rows.Scan(&status, &n))
			out[status] += n
		}
		require.NoError(t, rows.Err())
	}
	return out
}

func (s *shop) becomes(t *testing.T, want map[string]int) {
	t.Helper()
	require.Eventually(t, func() bool { return fmt.Sprint(s.statuses(t)) == fmt.Sprint(want) }, 60*time.Second, 20*time.Millisecond,
		"it never became %v", want)
}

func TestManySendersSendEachMailOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const mails = 40
	want := map[string]bool{}
	for n := range mails {
		want["us_"+fmt.Sprint(n)+"@example.org"] = true
		s.sell(t, n)
	}
	l := listen(t)
	c := catch(t, l)
	for range 3 {
		sender := s.sender(t, "smtp://"+l.Addr().String())
		sender.Lease = time.Minute // longer than a busy machine takes for a mail
		run(t, sender, 3)
	}
	s.becomes(t, map[string]int{"sent": mails})
	got, ids := map[string]bool{}, map[string]bool{}
	for _, m := range c.Mails() {
		got[m.To[0]], ids[m.MessageID] = true, true
		require.Equal(t, "Your tickets: Night", m.Subject)
		require.Len(t, m.Files, 1)
		require.Equal(t, "%PDF-", string(m.Files[0].Content[:5]))
	}
	require.Len(t, c.Mails(), mails)
	require.Equal(t, want, got)
	require.Len(t, ids, mails)
}

func TestMailWaitsForItsServer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.sell(t, 1)
	l := listen(t)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	run(t, s.sender(t, "smtp://"+address), 1)
	require.Eventually(t, func() bool {
		var reason string
		_ = s.shards[1].QueryRow(t.Context(), `SELECT reason FROM outbox`).Scan(&reason)
		return reason != ""
	}, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, map[string]int{"waiting": 1}, s.statuses(t))
	state, err := s.store.Outbox(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, state.Waiting)
	require.WithinDuration(t, time.Now(), state.Oldest, time.Minute)

	l, err = net.Listen("tcp", address)
	require.NoError(t, err)
	c := catch(t, l)
	s.becomes(t, map[string]int{"sent": 1})
	require.Len(t, c.Mails(), 1)
}

// A sender that died has a mail under its lease; another sends it when that ends.
func TestAMailOutlivesItsSender(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.sell(t, 1)
	taken, err := s.store.TakeMail(t.Context(), 1, 2*time.Second)
	require.NoError(t, err)
	require.NotNil(t, taken)
	none, err := s.store.TakeMail(t.Context(), 1, 2*time.Second)
	require.NoError(t, err)
	require.Nil(t, none, "nobody else has it meanwhile")
	l := listen(t)
	c := catch(t, l)
	run(t, s.sender(t, "smtp://"+l.Addr().String()), 1)
	s.becomes(t, map[string]int{"sent": 1})
	require.Len(t, c.Mails(), 1)
	require.NoError(t, s.store.EndMail(t.Context(), taken, "failed", "late"))
	require.Equal(t, map[string]int{"sent": 1}, s.statuses(t), "the one that was given up for dead changes nothing any more")
}

// moody refuses one address for good and everything else a few times.
type moody struct {
	failures *atomic.Int32
	taken    *atomic.Int32
}

func (m moody) Mail(string, *server.MailOptions) error { return nil }

func (m moody) Rcpt(to string, _ *server.RcptOptions) error {
	if to == "us_1@example.org" {
		return &server.SMTPError{Code: 550, Message: "no us_1@example.org"}
	}
	return nil
}

func (m moody) Data(r io.Reader) error {
	_, _ = io.Copy(io.Discard, r)
	if m.failures.Add(-1) >= 0 {
		return &server.SMTPError{Code: 451, Message: "later"}
	}
	m.taken.Add(1)
	return nil
}

func (m moody) Reset()        {}
func (m moody) Logout() error { return nil }

func TestWhatIsRefusedForGoodFailsAndTheRestIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	refused, accepted := s.sell(t, 1), s.sell(t, 2)
	l := listen(t)
	m := moody{failures: &atomic.Int32{}, taken: &atomic.Int32{}}
	m.failures.Store(1)
	srv := server.NewServer(server.BackendFunc(func(*server.Conn) (server.Session, error) { return m, nil }))
	srv.Domain = "localhost"
	t.Cleanup(func() { _ = srv.Close() })
	go func() { _ = srv.Serve(l) }()
	run(t, s.sender(t, "smtp://"+l.Addr().String()), 1)
	s.becomes(t, map[string]int{"failed": 1, "waiting": 1})
	var reason string
	require.NoError(t, s.shards[1].QueryRow(t.Context(), `SELECT reason FROM outbox WHERE booking_id = $1`, refused.ID).Scan(&reason))
	require.Equal(t, "the mail server refused it for good (550)", reason)
	require.Eventually(t, func() bool { // the other one is due later
		var attempts int
		var later bool
		err := s.shards[0].QueryRow(t.Context(), `SELECT attempts, due_at > now() + interval '10 seconds' FROM outbox WHERE booking_id = $1`, accepted.ID).
			Scan(&attempts, &later)
		return err == nil && attempts == 1 && later
	}, 30*time.Second, 20*time.Millisecond)
	_, err := s.shards[0].Exec(t.Context(), `UPDATE outbox SET due_at = now()`)
	require.NoError(t, err)
	s.becomes(t, map[string]int{"failed": 1, "sent": 1})
	require.EqualValues(t, 1, m.taken.Load())
}

func TestWhoHasNoAddressOrNoTicketGetsNoMail(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := s.sell(t, 1)
	for i, to := range []string{"us_gone", "us_erased", "us_stranger"} {
		require.NoError(t, s.store.AddMail(t.Context(), ticket.Mail{
			ID: fmt.Sprint(b.ID, "/resend/", i), Kind: ticket.MailResend, ToID: to, EventID: b.EventID, BookingID: b.ID,
		}))
	}
	l := listen(t)
	c := catch(t, l)
	run(t, s.sender(t, "smtp://"+l.Addr().String()), 1)
	s.becomes(t, map[string]int{"sent": 1, "dropped": 3})
	require.Len(t, c.Mails(), 1)
}
