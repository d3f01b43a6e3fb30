-- +goose Up

-- Until how many hours before the start buyers may give tickets back by
-- themselves; NULL: only support refunds.
ALTER TABLE events ADD COLUMN refund_until_hours integer CHECK (refund_until_hours >= 0);

-- +goose Down
ALTER TABLE events DROP COLUMN refund_until_hours;
