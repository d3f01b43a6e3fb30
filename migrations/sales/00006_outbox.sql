-- +goose Up

-- Mail that is to be sent: written in the transaction of what it tells of, so
-- that there is neither without the other. It names accounts; addresses, names
-- and texts are looked up when it is sent, so nothing here is personal.
CREATE TABLE outbox (
    id         text COLLATE "C" PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('confirmation', 'resend', 'refund', 'cancellation', 'postponement', 'transfer', 'transferred')),
    to_id      text COLLATE "C" NOT NULL,
    event_id   text COLLATE "C" NOT NULL,
    booking_id text COLLATE "C" NOT NULL,
    ticket_id  text COLLATE "C" NOT NULL DEFAULT '',
    facts      jsonb NOT NULL DEFAULT '{}',
    status     text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'failed', 'dropped')),
    -- When it is tried next; a sender that has it pushes this on before it begins.
    due_at     timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 0,
    reason     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE status = 'waiting';
CREATE INDEX outbox_failed ON outbox (created_at) WHERE status = 'failed';
CREATE INDEX outbox_to ON outbox (to_id);

-- +goose Down
DROP TABLE outbox;
