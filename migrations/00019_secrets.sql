-- Secrets that all replicas of the server share and nobody else is told.

-- +goose Up

-- Made at the first start. The one of nonces shows that a phone's proof is new; who knows it still has no key to prove with.
CREATE TABLE server_secret (
    name    text PRIMARY KEY CHECK (name IN ('dpop_nonce')),
    secret  bytea NOT NULL CHECK (length(secret) = 32),
    made_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT ON server_secret TO dutybound_app;
