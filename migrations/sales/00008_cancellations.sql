-- +goose Up

-- A refund of a canceled event is sent by the event's cancellation, in batches,
-- until it is handed over to a workflow of its own.
ALTER TABLE refunds ADD COLUMN handed boolean NOT NULL DEFAULT false;
CREATE INDEX refunds_unhanded ON refunds (event_id, provider, id)
    WHERE source = 'event_canceled' AND NOT handed AND status IN ('requested', 'sent', 'pending', 'needs_attention');

-- +goose Down
DROP INDEX refunds_unhanded;
ALTER TABLE refunds DROP COLUMN handed;
