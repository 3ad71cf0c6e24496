-- What a phone recorded without network comes late and speaks of its own time.

-- +goose Up

ALTER TABLE observation ADD happened_to timestamptz; -- by when it must have been stated; null: it came when it was stated
