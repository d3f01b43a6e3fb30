-- +goose Up

-- What search wants to know of an event's sale, counted on its shard by change
-- capture. An event without a row has every place left. A count is replaced
-- only by one of a later generation, or of the same at a later position: each
-- includes every sale that the shard committed before its position.
CREATE TABLE event_stock (
    event_id       text COLLATE "C" PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    sold_out       boolean NOT NULL,
    available      integer NOT NULL CHECK (available >= 0),
    generation     bigint NOT NULL,
    shard_position pg_lsn NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

-- How change capture stands with each shard. The generation rises when the
-- shard's replication slot is made anew, for its positions may begin anew then,
-- too; seeded tells whether all events were counted since.
CREATE TABLE stock_captures (
    shard      integer PRIMARY KEY,
    generation bigint NOT NULL DEFAULT 0,
    seeded     boolean NOT NULL DEFAULT false
);

-- The one row says how the search index stands. It is built anew while built is
-- less than wanted. The epoch rises when a reader takes over, so that one that
-- was given up for dead cannot swap indices any more. Beats let the position of
-- an otherwise idle database advance.
CREATE TABLE search_index (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    name    text NOT NULL DEFAULT '',
    wanted  bigint NOT NULL DEFAULT 1,
    built   bigint NOT NULL DEFAULT 0,
    epoch   bigint NOT NULL DEFAULT 0,
    beat_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO search_index DEFAULT VALUES;

-- Documents that Elasticsearch refused for what is in them. A row goes when the
-- document is taken or its index is replaced.
CREATE TABLE search_rejects (
    index_name text NOT NULL,
    event_id   text COLLATE "C" NOT NULL,
    position   pg_lsn NOT NULL,
    reason     text NOT NULL,
    times      integer NOT NULL DEFAULT 1,
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (index_name, event_id)
);

-- A changed venue changes the documents of all its events.
CREATE INDEX events_venue ON events (venue_id, id);

CREATE PUBLICATION yourticket_catalogue FOR TABLE events, venues, prices, event_stock, search_index;

-- +goose Down
DROP PUBLICATION yourticket_catalogue;
DROP INDEX events_venue;
DROP TABLE search_rejects, search_index, stock_captures, event_stock;
