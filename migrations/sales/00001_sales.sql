-- +goose Up

-- A booking's row is written when its places are held and follows its purchase
-- workflow; it is what reads are answered from and what the live seat map is
-- rebuilt from.
CREATE TABLE bookings (
    id              text COLLATE "C" PRIMARY KEY,
    event_id        text COLLATE "C" NOT NULL,
    buyer_id        text COLLATE "C" NOT NULL,
    status          text NOT NULL CHECK (status IN ('pending', 'held', 'paying', 'action_required', 'confirmed',
                        'expired', 'canceled', 'failed', 'refunding', 'refunded', 'needs_attention')),
    fingerprint     text NOT NULL,
    seat_indexes    integer[] NOT NULL CHECK (cardinality(seat_indexes) > 0),
    categories      text[] NOT NULL,
    prices          bigint[] NOT NULL,
    fees            bigint[] NOT NULL,
    total           bigint NOT NULL CHECK (total >= 0),
    currency        text NOT NULL,
    fence           bigint NOT NULL,
    hold_expires_at timestamptz NOT NULL,
    -- The attempt with which the latest payment began, and what it may have
    -- asked of which provider: written before any provider is asked, so that no
    -- charge is ever made that nobody knows of.
    attempt         integer NOT NULL DEFAULT 0,
    choice          jsonb,
    begun_at        timestamptz,
    next_action     jsonb,
    failure_code    text NOT NULL DEFAULT '',
    failure_message text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    confirmed_at    timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bookings_buyer ON bookings (buyer_id, created_at DESC, id DESC);
CREATE INDEX bookings_holding ON bookings (event_id) WHERE status IN ('held', 'paying', 'action_required', 'needs_attention');

-- The right to a place. The unique index is what decides who owns a seat;
-- Redis only keeps the crowd away from it.
CREATE TABLE tickets (
    id         text COLLATE "C" PRIMARY KEY,
    booking_id text COLLATE "C" NOT NULL,
    event_id   text COLLATE "C" NOT NULL,
    buyer_id   text COLLATE "C" NOT NULL,
    seat_index integer NOT NULL,
    status     text NOT NULL CHECK (status IN ('live', 'used', 'refunded')),
    price      bigint NOT NULL,
    fee        bigint NOT NULL,
    fence      bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tickets_one_live_a_seat ON tickets (event_id, seat_index) WHERE status IN ('live', 'used');
CREATE INDEX tickets_seat ON tickets (event_id, seat_index, fence);
CREATE INDEX tickets_booking ON tickets (booking_id);

-- The charge that pays for a booking; one, at one provider only.
CREATE TABLE payments (
    booking_id  text COLLATE "C" PRIMARY KEY,
    provider    text NOT NULL CHECK (provider IN ('stripe', 'paypal')),
    attempt     integer NOT NULL,
    status      text NOT NULL CHECK (status IN ('authorized', 'captured', 'voided', 'refunded')),
    fallback    boolean NOT NULL,
    ref         text NOT NULL,
    order_ref   text NOT NULL DEFAULT '',
    capture_ref text NOT NULL DEFAULT '',
    amount      bigint NOT NULL,
    currency    text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    captured_at timestamptz
);
CREATE INDEX payments_ref ON payments (ref);

-- Double entry, append-only: the lines of a transaction sum to zero. Debits
-- are positive, credits negative, in minor units.
CREATE TABLE journal (
    transaction_id text COLLATE "C" NOT NULL,
    account        text COLLATE "C" NOT NULL,
    booking_id     text COLLATE "C" NOT NULL,
    event_id       text COLLATE "C" NOT NULL,
    amount         bigint NOT NULL,
    currency       text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transaction_id, account)
);
CREATE INDEX journal_event ON journal (event_id, created_at);

-- How many live tickets a buyer has of an event. The check makes the limit
-- hold whatever else fails.
CREATE TABLE buyer_tickets (
    event_id text COLLATE "C" NOT NULL,
    buyer_id text COLLATE "C" NOT NULL,
    tickets  integer NOT NULL,
    maximum  integer NOT NULL,
    PRIMARY KEY (event_id, buyer_id),
    CONSTRAINT buyer_tickets_limit CHECK (tickets <= maximum)
);

-- Places that the organizer keeps from the sale.
CREATE TABLE blocks (
    event_id   text COLLATE "C" NOT NULL,
    seat_index integer NOT NULL,
    reason     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, seat_index)
);

-- Webhooks that were acted on; a delivery that comes again does nothing.
CREATE TABLE webhooks (
    provider    text NOT NULL,
    event_id    text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, event_id)
);

-- +goose Down
DROP TABLE webhooks, blocks, buyer_tickets, journal, payments, tickets, bookings;
