-- +goose Up

-- Who kept which places from the sale or gave them back, and when: written in
-- the transaction of the change itself, and never changed.
CREATE TABLE block_changes (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     text COLLATE "C" NOT NULL,
    what         text NOT NULL CHECK (what IN ('seats-blocked', 'seats-released')),
    seat_indexes integer[] NOT NULL CHECK (cardinality(seat_indexes) > 0),
    made_by      text COLLATE "C" NOT NULL,
    request_id   text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX block_changes_event ON block_changes (event_id, made_at DESC, number DESC);

-- +goose StatementBegin
CREATE FUNCTION block_changes_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'block_changes is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER block_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON block_changes
    FOR EACH STATEMENT EXECUTE FUNCTION block_changes_stay();

-- What an organizer has sold so far is asked for by event.
CREATE INDEX bookings_event ON bookings (event_id);

-- +goose Down
DROP INDEX bookings_event;
DROP TABLE block_changes;
DROP FUNCTION block_changes_stay;
