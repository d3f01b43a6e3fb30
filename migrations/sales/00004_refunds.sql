-- +goose Up

-- Money that goes back to a buyer. The row is written in the transaction that
-- ends the tickets, before any provider is asked; its id is derived from what
-- was asked for, so that the same request finds the same refund.
CREATE TABLE refunds (
    id           text COLLATE "C" PRIMARY KEY,
    booking_id   text COLLATE "C" NOT NULL,
    event_id     text COLLATE "C" NOT NULL,
    seat_indexes integer[] NOT NULL,
    amount       bigint NOT NULL CHECK (amount >= 0),
    currency     text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    asked_by     text NOT NULL DEFAULT '',
    source       text NOT NULL CHECK (source IN ('support', 'buyer', 'event_canceled', 'provider', 'dispute')),
    provider     text NOT NULL,
    provider_ref text NOT NULL DEFAULT '',
    resell       boolean NOT NULL,
    status       text NOT NULL CHECK (status IN ('requested', 'sent', 'pending', 'succeeded', 'failed', 'needs_attention')),
    attempt      integer NOT NULL DEFAULT 1,
    fingerprint  text NOT NULL DEFAULT '',
    note         text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    sent_at      timestamptz,
    settled_at   timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refunds_booking ON refunds (booking_id);
CREATE INDEX refunds_event ON refunds (event_id, source, status, id);
-- A refund in the provider's books is in ours once.
CREATE UNIQUE INDEX refunds_ref ON refunds (provider, provider_ref) WHERE provider_ref <> '';

-- Reconciliation reads them by time.
CREATE INDEX refunds_sent ON refunds (provider, sent_at) WHERE provider_ref <> '';

-- What payers have contested. The provider keeps the money until it is decided.
CREATE TABLE disputes (
    provider   text NOT NULL,
    ref        text NOT NULL,
    booking_id text COLLATE "C" NOT NULL,
    event_id   text COLLATE "C" NOT NULL,
    amount     bigint NOT NULL,
    fee        bigint NOT NULL DEFAULT 0,
    currency   text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    state      text NOT NULL CHECK (state IN ('open', 'won', 'lost')),
    opened_at  timestamptz NOT NULL DEFAULT now(),
    closed_at  timestamptz,
    PRIMARY KEY (provider, ref)
);
CREATE INDEX disputes_booking ON disputes (booking_id);

-- Tickets whose payment is disputed let nobody in.
ALTER TABLE tickets ADD COLUMN frozen boolean NOT NULL DEFAULT false;

-- Disputes at PayPal name the capture only.
CREATE INDEX payments_capture ON payments (capture_ref) WHERE capture_ref <> '';

-- +goose Down
DROP INDEX payments_capture;
ALTER TABLE tickets DROP COLUMN frozen;
DROP TABLE disputes, refunds;
