-- What the edges of the contract showed.

-- +goose Up

-- A push token may be longer than a btree can hold. A hash of it may not say that two are the same, so the constraint compares them.
DROP INDEX device_push_token_idx;
ALTER TABLE device ADD CONSTRAINT device_push_token_once EXCLUDE USING hash (push_token WITH =) WHERE (push_token IS NOT NULL);
