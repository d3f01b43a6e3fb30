-- +goose Up

-- The refunds that providers have in their books, one row each: what a refund of
-- ours became under each of its attempts, and what was given back by hand.
-- Reconciliation compares these with the providers' movements.
CREATE TABLE provider_refunds (
    provider   text NOT NULL,
    ref        text COLLATE "C" NOT NULL,
    refund_id  text COLLATE "C" NOT NULL,
    booking_id text COLLATE "C" NOT NULL,
    attempt    integer NOT NULL,
    amount     bigint NOT NULL,
    currency   text NOT NULL,
    -- Whether money ever left; a refund that a provider declines at once is no movement.
    moved      boolean NOT NULL,
    made_at    timestamptz NOT NULL,
    failed_at  timestamptz,
    PRIMARY KEY (provider, ref)
);
CREATE INDEX provider_refunds_made ON provider_refunds (provider, made_at) WHERE moved;
CREATE INDEX provider_refunds_failed ON provider_refunds (provider, failed_at) WHERE moved AND failed_at IS NOT NULL;
CREATE INDEX provider_refunds_booking ON provider_refunds (booking_id);

INSERT INTO provider_refunds (provider, ref, refund_id, booking_id, attempt, amount, currency, moved, made_at)
SELECT provider, provider_ref, id, booking_id, attempt, amount, currency, true, COALESCE(sent_at, created_at)
FROM refunds WHERE provider_ref <> '' AND status IN ('pending', 'succeeded');

CREATE INDEX disputes_opened ON disputes (provider, opened_at);
CREATE INDEX disputes_closed ON disputes (provider, closed_at) WHERE state = 'won';

-- +goose Down
DROP INDEX disputes_closed;
DROP INDEX disputes_opened;
DROP TABLE provider_refunds;
