-- +goose Up

-- Until when buyers may give tickets back because the event was postponed;
-- NULL: as long as it is postponed.
ALTER TABLE events ADD COLUMN refunds_until timestamptz;

-- Events that were canceled, written in the transaction that cancels them, so
-- that their bookings are refunded whatever happens next. Phase and note are what
-- the workflow has shown last.
CREATE TABLE event_cancellations (
    event_id text COLLATE "C" PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    reason   text NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    phase    text NOT NULL DEFAULT 'starting' CHECK (phase IN ('starting', 'running', 'paused', 'waiting', 'done')),
    note     text NOT NULL DEFAULT '',
    shown_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX event_cancellations_open ON event_cancellations (event_id) WHERE ended_at IS NULL;

-- What the holders of tickets are to be told of an event's new date, written in
-- the transaction that moves it. It stays open for a while after it was told, for
-- the sake of bookings that were under way meanwhile.
CREATE TABLE event_notices (
    id       text COLLATE "C" PRIMARY KEY,
    event_id text COLLATE "C" NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- When it should have begun; NULL while there is no other date.
    before   timestamptz,
    note     text NOT NULL DEFAULT '',
    made_at  timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX event_notices_open ON event_notices (made_at) WHERE ended_at IS NULL;

-- +goose Down
DROP TABLE event_notices, event_cancellations;
ALTER TABLE events DROP COLUMN refunds_until;
