-- Measures of how duty is watched (distances, cadences) are set as readings are.

-- +goose Up

ALTER TABLE proposal DROP CONSTRAINT proposal_kind_check;
ALTER TABLE proposal ADD CONSTRAINT proposal_kind_check
    CHECK (kind IN ('rulebook', 'reading', 'entry', 'post', 'policy', 'decision'));
