-- +goose Up

-- Who did what to a venue, a plan or an event, and when: written in the
-- transaction of the change itself, and never changed. What is done to places
-- (blocks) is on the event's shard, in block_changes.
CREATE TABLE event_changes (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_id text COLLATE "C" NOT NULL, -- of the venue, plan or event
    what       text NOT NULL,
    made_by    text COLLATE "C" NOT NULL,
    request_id text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    -- The fields that changed, as they were and as they are; before is null for
    -- what was made.
    before     jsonb,
    after      jsonb NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX event_changes_subject ON event_changes (subject_id, made_at DESC, number DESC);

-- +goose StatementBegin
CREATE FUNCTION event_changes_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'event_changes is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER event_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON event_changes
    FOR EACH STATEMENT EXECUTE FUNCTION event_changes_stay();

-- What buyers are told of an event that does not go as planned.
ALTER TABLE events ADD COLUMN status_reason text NOT NULL DEFAULT '';

CREATE INDEX events_organizer ON events (organizer_id, starts_at DESC, id DESC);
CREATE INDEX venues_created_by ON venues (created_by, id DESC);

-- +goose Down
DROP INDEX venues_created_by, events_organizer;
ALTER TABLE events DROP COLUMN status_reason;
DROP TABLE event_changes;
DROP FUNCTION event_changes_stay;
