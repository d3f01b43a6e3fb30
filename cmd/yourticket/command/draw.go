package command

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"yourticket.example/internal/waitingroom"
)

// drawCommand has the commands about the draw of a waiting room.
type drawCommand struct {
	Verify drawVerify `cmd:"" help:"Recompute a draw from what is public: the seed against its commitment, every number once, and the number of an entry."`
}

type drawVerify struct {
	Event      string `required:"" env:"DRAW_EVENT" placeholder:"EVENT" help:"Id or slug of the event, or the address of its page or of its queue."`
	API        string `name:"api" env:"YOURTICKET_API_URL" placeholder:"URL" help:"Where the API is; not needed when --event is an address."`
	Entry      int64  `env:"DRAW_ENTRY" placeholder:"N" help:"The entry whose number is computed."`
	Number     int64  `env:"DRAW_NUMBER" placeholder:"M" help:"The number that --entry should have."`
	Commitment string `env:"DRAW_COMMITMENT" placeholder:"HEX" help:"The commitment as it was noted down before the draw."`
}

// drawTime bounds the one request.
const drawTime = 15 * time.Second

// Run asks the API for the public status and does the rest by itself.
func (c *drawVerify) Run(ctx context.Context, s streams) error {
	if c.Number != 0 && c.Entry == 0 {
		return usageError{errors.New("--number needs --entry")}
	}
	address, err := c.address()
	if err != nil {
		return usageError{err}
	}
	status, err := readStatus(ctx, address)
	if err != nil {
		return err
	}
	seed, err := c.checkSeed(&status.Draw, s.out)
	if err != nil {
		return err
	}
	draw := waitingroom.NewDraw(seed, status.Draw.Entries)
	if c.Entry != 0 {
		return c.checkEntry(&draw, status, s.out)
	}
	return checkAll(&draw, s.out)
}

// address is that of the event's queue.
func (c *drawVerify) address() (string, error) {
	base, event := c.API, c.Event
	if before, after, isAddress := strings.Cut(c.Event, "/events/"); isAddress {
		event, _, _ = strings.Cut(after, "/")
		if base == "" {
			base = strings.TrimSuffix(before, "/v1")
		}
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || event == "" {
		return "", errors.New("say where the API is with --api, such as --api http://localhost:8080, and which --event")
	}
	u.Path, u.RawQuery, u.Fragment = path.Join("/", u.Path, "v1/events", event, "queue"), "", ""
	return u.String(), nil
}

func readStatus(ctx context.Context, address string) (status waitingroom.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, drawTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return status, err
	}
	answer, err := (&http.Client{}).Do(request)
	if err != nil {
		return status, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return status, fmt.Errorf("%s answers %s", address, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&status); err != nil {
		return status, fmt.Errorf("%s: %w", address, err)
	}
	return status, nil
}

// checkSeed makes sure that the seed is the one that was committed to.
func (c *drawVerify) checkSeed(d *waitingroom.DrawStatus, out io.Writer) ([]byte, error) {
	switch {
	case d.Commitment == nil:
		return nil, errors.New("the event has no waiting room, hence no draw")
	case c.Commitment != "" && !strings.EqualFold(c.Commitment, *d.Commitment):
		return nil, fmt.Errorf("the commitment is %s now, and was another one: %s", *d.Commitment, c.Commitment)
	case d.Seed == nil:
		return nil, fmt.Errorf("the draw has not taken place yet; note down the commitment %s and %d entries so far", *d.Commitment, d.Entries)
	}
	seed, err := hex.DecodeString(*d.Seed)
	if err != nil {
		return nil, fmt.Errorf("the seed is not hexadecimal: %w", err)
	}
	commitment, err := hex.DecodeString(*d.Commitment)
	if err != nil {
		return nil, fmt.Errorf("the commitment is not hexadecimal: %w", err)
	}
	if !waitingroom.Reveals(seed, commitment) {
		return nil, fmt.Errorf("the seed %s is not the one that was committed to: its SHA-256 is not %s", *d.Seed, *d.Commitment)
	}
	fmt.Fprintf(out, "commitment  %s\nseed        %s\nentries     %d\nThe seed is the one that was committed to.\n", *d.Commitment, *d.Seed, d.Entries)
	return seed, nil
}

func (c *drawVerify) checkEntry(draw *waitingroom.Draw, status waitingroom.Status, out io.Writer) error {
	if c.Entry < 1 || c.Entry > status.Issued {
		return fmt.Errorf("there is no entry %d: %d were issued", c.Entry, status.Issued)
	}
	number := draw.Number(c.Entry)
	how := "by the draw"
	if c.Entry > draw.Entries() {
		how = "because it came after the draw"
	}
	if c.Number != 0 && c.Number != number {
		return fmt.Errorf("entry %d has number %d %s, not %d", c.Entry, number, how, c.Number)
	}
	fmt.Fprintf(out, "Entry %d has number %d %s.\n", c.Entry, number, how)
	return nil
}

// checkAll computes every number once: a second or so for a million.
func checkAll(draw *waitingroom.Draw, out io.Writer) error {
	n := draw.Entries()
	given := make([]bool, n+1)
	for entry := int64(1); entry <= n; entry++ {
		number := draw.Number(entry)
		if number < 1 || number > n || given[number] {
			return fmt.Errorf("entry %d has number %d, which is not there or given twice", entry, number)
		}
		given[number] = true
	}
	fmt.Fprintf(out, "Each of the numbers 1 to %d was given once.\n", n)
	return nil
}
