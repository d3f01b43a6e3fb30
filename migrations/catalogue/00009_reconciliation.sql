-- +goose Up

-- A comparison of our books with the providers' own over a time.
CREATE TABLE reconciliations (
    id           text COLLATE "C" PRIMARY KEY,
    providers    text[] NOT NULL CHECK (cardinality(providers) > 0),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL CHECK (ends_at > starts_at),
    status       text NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    requested_by text NOT NULL,
    failure      text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE INDEX reconciliations_newest ON reconciliations (created_at DESC, id DESC);

-- What each side says, gathered page by page; it can be gathered again at any
-- point without doubling anything. It is dropped when the lines are there.
CREATE TABLE reconciliation_entries (
    reconciliation_id text COLLATE "C" NOT NULL REFERENCES reconciliations (id) ON DELETE CASCADE,
    provider          text NOT NULL CHECK (provider IN ('stripe', 'paypal')),
    side              text NOT NULL CHECK (side IN ('ours', 'theirs')),
    id                text COLLATE "C" NOT NULL, -- of the entry in its own books
    kind              text NOT NULL,
    ref               text COLLATE "C" NOT NULL,
    parent            text NOT NULL DEFAULT '',
    booking_id        text NOT NULL DEFAULT '',
    attempt           integer NOT NULL DEFAULT 0,
    amount            bigint NOT NULL,
    fee               bigint NOT NULL DEFAULT 0,
    currency          text NOT NULL,
    at                timestamptz NOT NULL,
    PRIMARY KEY (reconciliation_id, provider, side, id)
);

-- The report: one line a movement, with both sides' ids.
CREATE TABLE reconciliation_lines (
    reconciliation_id text COLLATE "C" NOT NULL REFERENCES reconciliations (id) ON DELETE CASCADE,
    position          bigint NOT NULL,
    provider          text NOT NULL,
    result            text NOT NULL CHECK (result IN ('matched', 'amount_differs', 'provider_only', 'ours_only', 'timing', 'not_ours')),
    kind              text NOT NULL,
    their_id          text NOT NULL DEFAULT '',
    our_id            text NOT NULL DEFAULT '',
    ref               text NOT NULL,
    parent            text NOT NULL DEFAULT '',
    booking_id        text NOT NULL DEFAULT '',
    attempt           integer NOT NULL DEFAULT 0,
    their_amount      bigint,
    our_amount        bigint,
    fee               bigint NOT NULL DEFAULT 0,
    currency          text NOT NULL,
    at                timestamptz NOT NULL,
    -- What was done about a difference.
    action            text NOT NULL DEFAULT '',
    PRIMARY KEY (reconciliation_id, position)
);
CREATE INDEX reconciliation_lines_differences ON reconciliation_lines (reconciliation_id, position)
    WHERE result IN ('amount_differs', 'provider_only', 'ours_only');

-- +goose Down
DROP TABLE reconciliation_lines, reconciliation_entries, reconciliations;
