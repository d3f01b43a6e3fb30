-- +goose Up

CREATE TABLE users (
    id            text COLLATE "C" PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL,
    roles         text[] NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- A session is a family of refresh tokens: each is used once and followed by
-- the next. A token that comes a second time ends its family.
CREATE TABLE sessions (
    id         text COLLATE "C" PRIMARY KEY,
    user_id    text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    hash       bytea PRIMARY KEY,
    session_id text COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

-- Keys that sign access tokens and ticket codes. One of each purpose is
-- active; the others stay published until nothing that they signed is valid.
CREATE TABLE signing_keys (
    id          text COLLATE "C" PRIMARY KEY,
    purpose     text NOT NULL CHECK (purpose IN ('access', 'ticket')),
    private_key bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (purpose) WHERE retired_at IS NULL;

CREATE TABLE venues (
    id         text COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    city       text NOT NULL,
    country    text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    lat        double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon        double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT venues_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id)
);

-- A seating plan never changes. Its document is gzipped JSON.
CREATE TABLE plans (
    id         text COLLATE "C" PRIMARY KEY,
    venue_id   text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    capacity   integer NOT NULL CHECK (capacity > 0),
    categories text[] NOT NULL,
    document   bytea NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plans_venue_id_fkey FOREIGN KEY (venue_id) REFERENCES venues (id),
    CONSTRAINT plans_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id)
);
ALTER TABLE plans ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX plans_venue ON plans (venue_id);

-- The directory of sales databases, numbered as ids name them. New events go
-- to the open one that has the fewest.
CREATE TABLE shards (
    number     integer PRIMARY KEY CHECK (number BETWEEN 0 AND 65535),
    open       boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE events (
    id                    text COLLATE "C" PRIMARY KEY,
    shard                 integer NOT NULL REFERENCES shards (number),
    slug                  text COLLATE "C" NOT NULL CONSTRAINT events_slug_key UNIQUE,
    name                  text NOT NULL,
    artist                text NOT NULL,
    genre                 text NOT NULL,
    description           text NOT NULL,
    venue_id              text COLLATE "C" NOT NULL,
    plan_id               text COLLATE "C" NOT NULL,
    organizer_id          text COLLATE "C" NOT NULL,
    starts_at             timestamptz NOT NULL,
    doors_at              timestamptz NOT NULL,
    on_sale_at            timestamptz NOT NULL,
    status                text NOT NULL CHECK (status IN ('draft', 'scheduled', 'postponed', 'canceled')),
    max_tickets_per_buyer integer NOT NULL CHECK (max_tickets_per_buyer > 0),
    waiting_room          jsonb NOT NULL,
    currency              text NOT NULL,
    capacity              integer NOT NULL CHECK (capacity > 0),
    version               bigint NOT NULL DEFAULT 1,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_venue_id_fkey FOREIGN KEY (venue_id) REFERENCES venues (id),
    CONSTRAINT events_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans (id),
    CONSTRAINT events_organizer_fkey FOREIGN KEY (organizer_id) REFERENCES users (id)
);
CREATE INDEX events_upcoming ON events (starts_at, id) WHERE status IN ('scheduled', 'postponed');
CREATE INDEX events_shard ON events (shard);

-- What a place of a category costs, in minor units of the event's currency.
CREATE TABLE prices (
    event_id text COLLATE "C" NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    position integer NOT NULL,
    category text NOT NULL,
    price    bigint NOT NULL CHECK (price >= 0),
    fee      bigint NOT NULL CHECK (fee >= 0),
    PRIMARY KEY (event_id, category)
);

-- Answers to requests that carried an Idempotency-Key. The row is written in
-- the transaction of the work itself, so that neither is there without the other.
CREATE TABLE idempotency_keys (
    scope       text COLLATE "C" NOT NULL,
    route       text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    answer      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, route, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys, prices, events, shards, plans, venues, signing_keys, refresh_tokens, sessions, users;
