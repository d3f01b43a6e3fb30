package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"yourticket.example/internal/app"
	"yourticket.example/internal/audit"
	"yourticket.example/internal/config"
	"yourticket.example/internal/rehearsal"
	"yourticket.example/internal/waitingroom"
)

// rehearseCommand plays a whole on-sale.
type rehearseCommand struct {
	// What the audit at the end reads; without it the API is asked alone.
	config.Config `embed:"" group:"What the audit at the end reads"`

	APIURL     []string `name:"api-url" env:"YOURTICKET_API_URL" default:"http://localhost:8080" placeholder:"URL,..." help:"The API; several addresses are used in turn."`
	SandboxURL string   `name:"sandbox-url" env:"YOURTICKET_SANDBOX_URL" placeholder:"URL" help:"Where the payment sandbox is. Without it nobody pays by PayPal or with 3-D Secure."`

	Buyers   int           `env:"REHEARSE_BUYERS" default:"300" help:"Buyers who come (default: ${default})."`
	Bots     int           `env:"REHEARSE_BOTS" default:"0" help:"Programs that hammer (default: one for 50 buyers; --bots=-1 for none)."`
	Watchers int           `env:"REHEARSE_WATCHERS" default:"10" help:"Callers who follow the seat map all the time (default: ${default}; --watchers=-1 for none)."`
	Seed     uint64        `env:"REHEARSE_SEED" default:"1" help:"The same seed makes the same buyers (default: ${default})."`
	Pace     float64       `env:"REHEARSE_PACE" default:"1" help:"Stretches the time that people take to think (default: ${default})."`
	Duration time.Duration `env:"REHEARSE_DURATION" default:"5m" help:"How long the sale lasts at most (default: ${default})."`
	Settle   time.Duration `env:"REHEARSE_SETTLE" default:"1m" help:"How long things may take to settle afterwards (default: ${default})."`

	Event       string        `env:"REHEARSE_EVENT" placeholder:"EVENT" help:"Id or slug of an event that is there (default: one is made)."`
	Seats       int           `env:"REHEARSE_SEATS" default:"0" help:"Places of the event that is made (default: a third of the buyers)."`
	OnSaleIn    time.Duration `env:"REHEARSE_ON_SALE_IN" default:"20s" help:"When it goes on sale, once all is prepared (default: ${default})."`
	WaitingRoom bool          `env:"REHEARSE_WAITING_ROOM" default:"true" negatable:"" help:"Give it a waiting room (default: yes)."`
	Sessions    int           `env:"REHEARSE_SESSIONS" default:"0" help:"Buyers admitted at the same time (default: a tenth of the buyers, at least 20)."`

	OrganizerEmail    string `env:"REHEARSE_ORGANIZER_EMAIL" default:"organizer@yourticket.example" help:"Account that makes the event (default: the demo's)."`
	OrganizerPassword string `env:"REHEARSE_ORGANIZER_PASSWORD" default:"yourticket-demo" help:"Its password (default: the demo's)."`
	Accounts          string `env:"REHEARSE_ACCOUNTS" type:"path" placeholder:"FILE" help:"Keep the buyers' accounts here, for the next rehearsal."`
	Addresses         bool   `env:"REHEARSE_ADDRESSES" help:"Give each buyer an address of its own in X-Forwarded-For; the system must trust this machine as a proxy."`

	Audit bool `env:"REHEARSE_AUDIT" default:"true" negatable:"" help:"End with an audit when DATABASE_URL and its like are given (default: yes)."`

	JSON jsonTarget `name:"json" env:"REHEARSE_JSON" placeholder:"FILE" help:"Write the report as JSON; without a file to the standard output, and nothing else there."`
	HTML string     `name:"html" env:"REHEARSE_HTML" type:"path" placeholder:"FILE" help:"Write the report as a page with plots."`
}

// jsonTarget is the file that JSON is written to: - for the standard output,
// which --json without a file means, too.
type jsonTarget string

// Decode implements kong.MapperValue.
func (j *jsonTarget) Decode(ctx *kong.DecodeContext) error {
	next := ctx.Scan.Peek()
	if next.Type == kong.FlagValueToken || next.IsValue() && (next.String() == "-" || !strings.HasPrefix(next.String(), "-")) {
		*j = jsonTarget(ctx.Scan.Pop().String())
		return nil
	}
	*j = "-"
	return nil
}

// errNotHeld says that a check failed; which one is in the report.
var errNotHeld = errors.New("the sale did not hold")

// Run rehearses, and writes the report also when it is interrupted.
func (c *rehearseCommand) Run(ctx context.Context, s streams) error {
	o := c.options(s)
	if err := o.Validate(); err != nil {
		return usageError{err}
	}
	if c.Audit && !c.DatabaseURL.IsZero() {
		if err := prepare(c.Config, s.err, config.Migrating...); err != nil {
			return err
		}
		o.Audit = c.audit
	}
	report, err := rehearsal.Run(ctx, o)
	if report == nil {
		return err
	}
	err = errors.Join(err, c.write(report, s))
	if !report.Passed {
		err = errors.Join(err, errNotHeld)
	}
	return err
}

func (c *rehearseCommand) options(s streams) rehearsal.Options {
	out := s.out
	if c.JSON == "-" {
		out = s.err
	}
	return rehearsal.Options{
		APIs: c.APIURL, Sandbox: c.SandboxURL, Buyers: c.Buyers, Bots: c.Bots, Watchers: c.Watchers, Seed: c.Seed, Pace: c.Pace,
		Event: c.Event, Seats: c.Seats, OnSaleIn: c.OnSaleIn, NoWaitingRoom: !c.WaitingRoom, Sessions: c.Sessions,
		Organizer:    rehearsal.Account{Email: c.OrganizerEmail, Password: c.OrganizerPassword},
		AccountsFile: c.Accounts, Addresses: c.Addresses, Duration: c.Duration, Settle: c.Settle, Out: out, Terminal: isTerminal(out),
		Number: func(seed []byte, entries, entry int64) int64 {
			draw := waitingroom.NewDraw(seed, entries)
			return draw.Number(entry)
		},
	}
}

// audit checks what must always hold of the whole system, as far back as the
// rehearsal may have touched it.
func (c *rehearseCommand) audit(ctx context.Context) ([]rehearsal.Check, error) {
	report, err := app.Audit(ctx, c.Config, app.AuditOptions{Since: 2*time.Hour + c.Duration, Settle: c.Settle})
	if err != nil {
		return nil, err
	}
	var checks []rehearsal.Check
	for _, f := range report.Findings {
		check := rehearsal.Check{
			Name: fmt.Sprintf("audit %d: %s", f.Number, f.Name), Passed: f.Status == audit.StatusOK,
			Note: fmt.Sprintf("%d checked", f.Checked),
		}
		if f.Status == audit.StatusNotChecked {
			check.Skipped, check.Note = !f.Failed, f.Reason
		}
		if f.Failed {
			check.Findings = append(check.Findings, f.Reason)
		}
		for _, e := range f.Examples {
			check.Findings = append(check.Findings, e.ID+": "+e.Detail)
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// write writes the report in every form that was asked for.
func (c *rehearseCommand) write(report *rehearsal.Report, s streams) error {
	var errs []error
	if c.JSON != "-" {
		errs = append(errs, report.WriteText(s.out))
	}
	if c.JSON != "" {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return err
		}
		text = append(text, '\n')
		if c.JSON == "-" {
			_, err = s.out.Write(text)
		} else {
			err = os.WriteFile(string(c.JSON), text, 0o644) //nolint:gosec // a report is there to be read
		}
		errs = append(errs, err)
	}
	if c.HTML != "" {
		errs = append(errs, writeFile(c.HTML, report.WriteHTML))
	}
	return errors.Join(errs...)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name) //nolint:gosec // whoever starts the command says where
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// isTerminal tells whether a person looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
