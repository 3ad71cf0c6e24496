-- Records that phones made without network: kept as they were signed, applied in the order in which they were made, and what is wrong
-- with their order.

-- +goose Up

-- When a command made without network must have happened; null: it was sent when it was made.
ALTER TABLE command
    ADD happened_from timestamptz,
    ADD happened_to   timestamptz,
    ADD CONSTRAINT happened_within CHECK ((happened_from IS NULL) = (happened_to IS NULL) AND happened_from <= happened_to);

-- How far the records of a device have come. Whoever takes some in, or applies them, locks this row or holds its lease.
CREATE TABLE outbox_device (
    device_id       uuid PRIMARY KEY REFERENCES device (id),
    person_id       uuid NOT NULL REFERENCES person (id),
    path            text NOT NULL COLLATE "C", -- of the person's organ
    top             bigint NOT NULL DEFAULT 0, -- the highest counter seen
    through         bigint NOT NULL DEFAULT 0, -- all up to here were applied, or waited for in vain
    arrivals        bigint NOT NULL DEFAULT 0, -- rises with whatever may give an applier something to do
    not_yours       bigint NOT NULL DEFAULT 0, -- brought by this device, and of another: counted and kept nowhere
    malformed       bigint NOT NULL DEFAULT 0,
    due_at          timestamptz, -- when there is something to apply; null: nothing waits
    lease           uuid, -- who applies its records now
    lease_until     timestamptz
);
CREATE INDEX outbox_device_due_idx ON outbox_device (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE outbox_record (
    device_id       uuid NOT NULL REFERENCES outbox_device (device_id),
    n               bigint NOT NULL CHECK (n >= 1),
    hash            text NOT NULL COLLATE "C", -- base64url SHA-256 of what is signed, whatever the signature
    prev            text NOT NULL COLLATE "C",
    command_id      uuid NOT NULL,
    person_id       uuid NOT NULL REFERENCES person (id),
    path            text NOT NULL COLLATE "C",
    jws             text NOT NULL, -- as it was signed
    wall            timestamptz NOT NULL, -- testimony of the phone
    boot            text NOT NULL,
    since_boot_ms   bigint NOT NULL,
    server_at       timestamptz,
    server_boot_ms  bigint,
    help            boolean NOT NULL, -- it calls for help, and waits for no other
    received_at     timestamptz NOT NULL, -- database clock
    state           text NOT NULL CHECK (state IN ('stored', 'applied', 'refused', 'forked', 'quarantined', 'rejected')),
    attempts        integer NOT NULL DEFAULT 0,
    settled_at      timestamptz,
    status          integer, -- what its request was answered
    answer          json,
    earliest        timestamptz, -- when it must have been made
    latest          timestamptz,
    released_by     uuid REFERENCES person (id), -- from quarantine
    decided_by      uuid REFERENCES person (id),
    decided_at      timestamptz,
    reason          text NOT NULL DEFAULT '',
    PRIMARY KEY (device_id, n, hash),
    CHECK (earliest <= latest),
    CHECK ((earliest IS NULL) = (latest IS NULL))
);
CREATE INDEX outbox_record_prev_idx ON outbox_record (device_id, prev);
CREATE INDEX outbox_record_stored_idx ON outbox_record (device_id, help DESC, n) WHERE state = 'stored';
CREATE INDEX outbox_record_quarantine_idx ON outbox_record (path, device_id, n) WHERE state = 'quarantined';

-- What was signed stays as it came; only what became of it is added, once.
-- +goose StatementBegin
CREATE FUNCTION outbox_record_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.device_id, OLD.n, OLD.hash, OLD.prev, OLD.command_id, OLD.person_id, OLD.path, OLD.jws, OLD.wall, OLD.boot, OLD.since_boot_ms,
            OLD.server_at, OLD.server_boot_ms, OLD.help, OLD.received_at)
        IS DISTINCT FROM
       (NEW.device_id, NEW.n, NEW.hash, NEW.prev, NEW.command_id, NEW.person_id, NEW.path, NEW.jws, NEW.wall, NEW.boot, NEW.since_boot_ms,
            NEW.server_at, NEW.server_boot_ms, NEW.help, NEW.received_at)
        OR OLD.state IN ('applied', 'refused', 'forked', 'rejected')
        OR OLD.state = 'stored' AND NEW.state NOT IN ('stored', 'applied', 'refused', 'quarantined')
        OR OLD.state = 'quarantined' AND NEW.state NOT IN ('stored', 'rejected')
    THEN
        RAISE EXCEPTION 'record % of device % is kept as it was signed', OLD.n, OLD.device_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER forward BEFORE UPDATE ON outbox_record FOR EACH ROW EXECUTE FUNCTION outbox_record_goes_forward();
CREATE TRIGGER keep BEFORE DELETE ON outbox_record FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON outbox_record EXECUTE FUNCTION refuse_change();

CREATE TABLE outbox_finding (
    id          uuid PRIMARY KEY,
    device_id   uuid NOT NULL REFERENCES outbox_device (device_id),
    person_id   uuid NOT NULL REFERENCES person (id),
    path        text NOT NULL COLLATE "C",
    kind        text NOT NULL CHECK (kind IN ('gap', 'fork', 'rolled_back', 'broken', 'skew', 'failed')),
    key         text NOT NULL, -- what it is about: found twice it is one finding
    first_n     bigint NOT NULL,
    last_n      bigint NOT NULL CHECK (last_n >= first_n),
    hashes      text[] NOT NULL DEFAULT '{}', -- of the records that it is about
    seconds     bigint, -- of a skew
    opened_at   timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    closed_at   timestamptz,
    closed_by   uuid REFERENCES person (id), -- null: it closed by itself
    reason      text NOT NULL DEFAULT '',
    told        boolean NOT NULL DEFAULT false, -- an event says it
    UNIQUE (device_id, key),
    CHECK ((state = 'open') = (closed_at IS NULL))
);
CREATE INDEX outbox_finding_open_idx ON outbox_finding (path, opened_at, id) WHERE state = 'open';
CREATE TRIGGER keep BEFORE DELETE ON outbox_finding FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON outbox_finding EXECUTE FUNCTION refuse_change();

ALTER TABLE outbox_device ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_record ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_finding ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON outbox_device USING (in_scope(path) OR person_id = the_person()) WITH CHECK (in_scope(path));
CREATE POLICY sight ON outbox_record USING (in_scope(path) OR person_id = the_person()) WITH CHECK (in_scope(path));
CREATE POLICY sight ON outbox_finding USING (in_scope(path) OR person_id = the_person()) WITH CHECK (in_scope(path));

GRANT SELECT, INSERT, UPDATE ON outbox_device, outbox_record, outbox_finding TO dutybound_app;
