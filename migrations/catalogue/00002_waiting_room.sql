-- +goose Up

-- What must not be lost of a waiting room: the seed of its draw, when the seed
-- was revealed and over how many entries, and how its sale stands. Redis holds
-- the rest and is rebuilt from these tables.
CREATE TABLE waiting_rooms (
    event_id   text COLLATE "C" PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    -- Secret until the draw; its SHA-256 is the commitment that is public before.
    seed       bytea NOT NULL CHECK (octet_length(seed) = 32),
    -- Authenticates admissions to this event. It never leaves the servers.
    token_key  bytea NOT NULL CHECK (octet_length(token_key) = 32),
    drawn_at   timestamptz,
    entries    bigint CHECK (entries >= 0),
    phase      text NOT NULL DEFAULT 'prequeue' CHECK (phase IN ('prequeue', 'open', 'paused', 'closed')),
    reason     text NOT NULL DEFAULT '',
    -- How long the sale was paused in all: nobody's time runs meanwhile.
    held_ms    bigint NOT NULL DEFAULT 0,
    -- When the sale was last seen to go on; now and then, not at every tick.
    ticked_at  timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT waiting_rooms_drawn CHECK ((drawn_at IS NULL) = (entries IS NULL))
);

-- One place an account. A place is acknowledged to its buyer once it is here.
CREATE TABLE queue_entries (
    event_id  text COLLATE "C" NOT NULL,
    buyer_id  text COLLATE "C" NOT NULL,
    entry     bigint NOT NULL CHECK (entry > 0),
    joined_at timestamptz NOT NULL,
    left_at   timestamptz,
    PRIMARY KEY (event_id, buyer_id),
    CONSTRAINT queue_entries_number UNIQUE (event_id, entry)
);

-- The numbers whose turn came at the same time, written before serving rises.
CREATE TABLE queue_turns (
    event_id  text COLLATE "C" NOT NULL,
    first     bigint NOT NULL,
    last      bigint NOT NULL,
    -- How many of them may claim: all but those who had left before.
    turns     integer NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    -- When their grace was over and those who had not come were skipped.
    lapsed_at timestamptz,
    PRIMARY KEY (event_id, first)
);
CREATE INDEX queue_turns_open ON queue_turns (event_id, last) WHERE lapsed_at IS NULL;

-- An admission is acknowledged to its buyer once it is here.
CREATE TABLE queue_admissions (
    event_id    text COLLATE "C" NOT NULL,
    buyer_id    text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    admitted_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- held_ms of the room when it was given: later pauses prolong it.
    held_ms     bigint NOT NULL,
    PRIMARY KEY (event_id, buyer_id),
    CONSTRAINT queue_admissions_number UNIQUE (event_id, number)
);

-- Why a number was passed over; buyer_id is null for a number that nobody had.
CREATE TABLE queue_skips (
    event_id   text COLLATE "C" NOT NULL,
    number     bigint NOT NULL,
    buyer_id   text COLLATE "C",
    reason     text NOT NULL CHECK (reason IN ('turn-expired', 'left', 'nobody')),
    skipped_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, number)
);

-- Who paused, resumed or set the rate of a sale.
CREATE TABLE queue_orders (
    event_id   text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    what       text NOT NULL,
    given_by   text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    per_minute double precision,
    given_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, order_id)
);

-- +goose Down
DROP TABLE queue_orders, queue_skips, queue_admissions, queue_turns, queue_entries, waiting_rooms;
