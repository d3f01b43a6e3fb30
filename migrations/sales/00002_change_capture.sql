-- +goose Up

-- Beats let the position of an otherwise idle shard advance.
CREATE TABLE sales_capture (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    beat_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO sales_capture DEFAULT VALUES;

-- A ticket's key does not name its event, which a change has to tell.
ALTER TABLE tickets REPLICA IDENTITY FULL;

CREATE PUBLICATION yourticket_sales FOR TABLE tickets, blocks, sales_capture;

-- +goose Down
DROP PUBLICATION yourticket_sales;
ALTER TABLE tickets REPLICA IDENTITY DEFAULT;
DROP TABLE sales_capture;
