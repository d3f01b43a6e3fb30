-- +goose Up

-- The ledger is read by time, over all events.
CREATE INDEX journal_time ON journal (created_at);

-- What was booked stays: a mistake is booked back, never written over.
-- +goose StatementBegin
CREATE FUNCTION journal_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_stays();

-- +goose Down
DROP TRIGGER journal_stays ON journal;
DROP FUNCTION journal_stays;
DROP INDEX journal_time;
