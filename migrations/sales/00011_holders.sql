-- +goose Up

-- A ticket that came back to who bought it is held by nobody else.
UPDATE tickets SET holder_id = NULL WHERE holder_id = buyer_id;

-- +goose Down
SELECT 1;
