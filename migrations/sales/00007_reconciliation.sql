-- +goose Up
CREATE INDEX payments_captured ON payments (provider, captured_at) WHERE captured_at IS NOT NULL;

-- +goose Down
DROP INDEX payments_captured;
