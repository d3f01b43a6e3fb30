package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// StreamOptions say what to follow.
type StreamOptions struct {
	Slot         string
	Publications []string
	// Columns are the ones that are handed on, of whatever table; the others
	// cost no memory here.
	Columns []string
	// Buffer bounds the changes that wait for whoever takes them; default 1024.
	Buffer int
}

// Stream is the changes of a database in the order of their commits. It keeps
// the connection alive however long nobody takes a change: the server waits.
type Stream struct {
	conn      *pgconn.PgConn
	decoder   decoder
	changes   chan Change
	confirmed atomic.Uint64
	stop      context.CancelFunc
	done      chan struct{}
	err       error // why the stream ended; read after done
}

// Follow takes the slot and streams what was not confirmed yet. ErrSlotInUse
// and ErrSlotLost as CheckSlot has them. The stream lasts until Close; ctx is
// for the beginning only.
func (c *Capture) Follow(ctx context.Context, o StreamOptions) (s *Stream, err error) {
	defer wrap(&err, "postgres.Follow(%s)", o.Slot)
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	starting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err = pglogrepl.StartReplication(starting, conn, o.Slot, 0, pglogrepl.StartReplicationOptions{
		Mode:       pglogrepl.LogicalReplication,
		PluginArgs: []string{"proto_version '1'", "publication_names '" + strings.Join(o.Publications, ",") + "'"},
	})
	if err != nil {
		hangUp(ctx, conn)
		return nil, slotError(err)
	}
	if o.Buffer == 0 {
		o.Buffer = 1024
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s = &Stream{
		conn: conn, decoder: newDecoder(o.Columns), changes: make(chan Change, o.Buffer), stop: stop, done: make(chan struct{}),
	}
	go s.pump(running)
	return s, nil
}

// Changes gives the stream's changes. It is closed when the stream has ended;
// Err says why.
func (s *Stream) Changes() <-chan Change { return s.changes }

// Confirm lets the server forget everything before the position.
func (s *Stream) Confirm(p Position) { s.confirmed.Store(uint64(p)) }

// Done is closed when the stream has ended.
func (s *Stream) Done() <-chan struct{} { return s.done }

// Err says why the stream ended, nil while it goes on.
func (s *Stream) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close tells the server what is confirmed, ends the stream and frees the slot.
func (s *Stream) Close() {
	s.stop()
	<-s.done
}

// statusEvery is how often the server hears from the reader, well within
// senderTimeout, and is asked to answer. One that says nothing for longer than
// silence is out of reach, which the network alone would tell much later.
const (
	statusEvery = time.Second
	silence     = 15 * time.Second
)

// pump reads from the connection until it breaks or the stream is closed.
func (s *Stream) pump(ctx context.Context) {
	defer close(s.done)
	defer close(s.changes)
	defer hangUp(ctx, s.conn)
	next, heard := time.Now().Add(statusEvery), time.Now()
	for {
		if !time.Now().Before(next) {
			if s.err = s.sendStatus(); s.err != nil {
				return
			}
			next = time.Now().Add(statusEvery)
		}
		change, said, err := s.receive(ctx, next)
		if ctx.Err() != nil {
			s.err = errors.Join(ctx.Err(), s.sendStatus())
			return
		}
		if err == nil && change.Kind != 0 {
			err = s.deliver(ctx, change)
		}
		if said {
			heard = time.Now() // also after a long delivery
		} else if err == nil && time.Since(heard) > silence {
			err = fmt.Errorf("the server has said nothing for %s", silence)
		}
		if err != nil {
			s.err = fmt.Errorf("postgres.Stream: %w", slotError(err))
			return
		}
	}
}

// deliver hands a change on, and keeps the connection alive while nobody takes it.
func (s *Stream) deliver(ctx context.Context, c Change) error {
	select {
	case s.changes <- c:
		return nil
	default:
	}
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for {
		select {
		case s.changes <- c:
			return nil
		case <-tick.C:
			if err := s.sendStatus(); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// receive waits for one message until the deadline, and tells whether one came;
// a Change without a kind is nothing to hand on.
func (s *Stream) receive(ctx context.Context, deadline time.Time) (c Change, said bool, err error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	message, err := s.conn.ReceiveMessage(ctx)
	if err != nil {
		if pgconn.Timeout(err) {
			err = nil
		}
		return Change{}, false, err
	}
	switch m := message.(type) {
	case *pgproto3.ErrorResponse:
		err = pgconn.ErrorResponseToPgError(m)
	case *pgproto3.CopyData:
		c, err = s.read(m.Data)
	case *pgproto3.CopyDone:
		err = errors.New("the server ended the stream")
	}
	return c, true, err
}

func (s *Stream) read(data []byte) (Change, error) {
	if len(data) == 0 {
		return Change{}, nil
	}
	switch data[0] {
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		alive, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		if err == nil && alive.ReplyRequested {
			err = s.sendStatus()
		}
		return s.decoder.idle(Position(alive.ServerWALEnd)), err
	case pglogrepl.XLogDataByteID:
		log, err := pglogrepl.ParseXLogData(data[1:])
		if err != nil {
			return Change{}, err
		}
		return s.decoder.decode(log.WALData)
	}
	return Change{}, nil
}

func (s *Stream) sendStatus() error {
	confirmed := pglogrepl.LSN(s.confirmed.Load())
	return pglogrepl.SendStandbyStatusUpdate(context.Background(), s.conn, //nolint:forbidigo // it takes no notice of its context
		pglogrepl.StandbyStatusUpdate{WALWritePosition: confirmed, ReplyRequested: true})
}
