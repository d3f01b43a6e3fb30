-- +goose Up

-- Money that paid for nothing and went back is a result of its own, not a difference.
ALTER TABLE reconciliation_lines DROP CONSTRAINT reconciliation_lines_result_check;
ALTER TABLE reconciliation_lines ADD CONSTRAINT reconciliation_lines_result_check
    CHECK (result IN ('matched', 'amount_differs', 'provider_only', 'ours_only', 'timing', 'not_ours', 'undone'));
-- A day's report has the refund of a charge that an earlier day's report had undone.
CREATE INDEX reconciliation_lines_acted ON reconciliation_lines (ref) WHERE action <> '';
-- Captures without a counterpart, and what went back of them, are looked for among
-- all that a provider's books have.
CREATE INDEX reconciliation_entries_captures ON reconciliation_entries (reconciliation_id, ref)
    WHERE side = 'theirs' AND kind = 'capture';
CREATE INDEX reconciliation_entries_back ON reconciliation_entries (reconciliation_id, parent)
    WHERE side = 'theirs' AND kind IN ('refund', 'refund_failed');

-- +goose Down
DROP INDEX reconciliation_lines_acted, reconciliation_entries_captures, reconciliation_entries_back;
UPDATE reconciliation_lines SET result = 'provider_only' WHERE result = 'undone';
ALTER TABLE reconciliation_lines DROP CONSTRAINT reconciliation_lines_result_check;
ALTER TABLE reconciliation_lines ADD CONSTRAINT reconciliation_lines_result_check
    CHECK (result IN ('matched', 'amount_differs', 'provider_only', 'ours_only', 'timing', 'not_ours'));
