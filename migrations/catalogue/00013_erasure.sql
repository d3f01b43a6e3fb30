-- +goose Up

-- An erased account keeps its id, which the books name, and nothing of its
-- person. It is scrubbed when the sales shards have forgotten the person, too.
ALTER TABLE users ADD COLUMN erased_at timestamptz, ADD COLUMN scrubbed_at timestamptz;
CREATE INDEX users_erased ON users (erased_at) WHERE erased_at IS NOT NULL;

-- +goose Down
DROP INDEX users_erased;
ALTER TABLE users DROP COLUMN scrubbed_at, DROP COLUMN erased_at;
