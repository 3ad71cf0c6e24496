-- The ledger: where the sequence stands, the Merkle tree over it, and its signed heads.

-- +goose Up

CREATE TABLE ledger_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL CHECK (size >= 0), -- numbered events; each batch moves it from where it read it, or not at all
    at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO ledger_head (size) VALUES (0);

CREATE TABLE ledger_hash (
    idx  bigint PRIMARY KEY, -- as counted by golang.org/x/mod/sumdb/tlog
    hash bytea NOT NULL CHECK (length(hash) = 32)
);

CREATE TABLE ledger_signed_head (
    size      bigint PRIMARY KEY,
    note      text NOT NULL, -- a signed note of golang.org/x/mod/sumdb/note
    signed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ledger_hash FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ledger_signed_head FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ledger_hash EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ledger_signed_head EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON ledger_hash, ledger_signed_head TO dutybound_app;
GRANT SELECT, UPDATE ON ledger_head TO dutybound_app;
