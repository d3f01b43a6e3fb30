-- +goose Up

-- A ticket may change hands: the generation rises, the code of the earlier one
-- is dead, and the place stays what it was. buyer_id is who bought it, which is
-- what limits and books count; holder_id is who has it now, null for the buyer.
ALTER TABLE tickets
    ADD COLUMN generation  integer NOT NULL DEFAULT 1,
    ADD COLUMN holder_id   text COLLATE "C",
    ADD COLUMN used_at     timestamptz,
    ADD COLUMN used_device text;
CREATE INDEX tickets_holder ON tickets (holder_id) WHERE holder_id IS NOT NULL;

-- Every time that a door let somebody in, also offline and therefore perhaps
-- twice. The same scan is written once, however often it is sent.
CREATE TABLE checkins (
    ticket_id   text COLLATE "C" NOT NULL,
    device_id   text NOT NULL,
    scanned_at  timestamptz NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    door_id     text COLLATE "C" NOT NULL,
    -- The Idempotency-Key under which it came, if there was one.
    request_key text,
    offline     boolean NOT NULL,
    -- What the ticket was when the scan arrived: admitted, or why it should not have been.
    outcome     text NOT NULL CHECK (outcome IN ('admitted', 'already-used', 'refunded', 'invalid-ticket', 'frozen')),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket_id, device_id, scanned_at)
);
CREATE INDEX checkins_event ON checkins (event_id, scanned_at);
CREATE UNIQUE INDEX checkins_request ON checkins (door_id, request_key) WHERE request_key IS NOT NULL;

CREATE TABLE ticket_transfers (
    ticket_id      text COLLATE "C" NOT NULL,
    -- The generation that the transfer made.
    generation     integer NOT NULL,
    event_id       text COLLATE "C" NOT NULL,
    from_id        text COLLATE "C" NOT NULL,
    to_id          text COLLATE "C" NOT NULL,
    transferred_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket_id, generation)
);
CREATE INDEX ticket_transfers_from ON ticket_transfers (from_id);
CREATE INDEX ticket_transfers_to ON ticket_transfers (to_id);

-- +goose Down
DROP TABLE ticket_transfers, checkins;
ALTER TABLE tickets DROP COLUMN used_device, DROP COLUMN used_at, DROP COLUMN holder_id, DROP COLUMN generation;
