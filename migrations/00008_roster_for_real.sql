-- The roster for real: files of people, personnel systems, what leavers owe, head-count quotas.

-- +goose Up

-- A file of people on its way onto the roster. The file goes when its work has ended; the report stays.
CREATE TABLE roster_import (
    id         uuid PRIMARY KEY,
    path       text NOT NULL COLLATE "C", -- of the organ of whoever brought it
    actor      uuid NOT NULL REFERENCES person (id),
    dry        boolean NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    file       bytea, -- null: the work has ended
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'refused', 'failed')),
    phase      text NOT NULL DEFAULT '',
    done       integer NOT NULL DEFAULT 0,
    total      integer NOT NULL DEFAULT 0,
    report     jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    lease_to   timestamptz, -- whoever works on it has said so until then; later another may take over
    ended_at   timestamptz,
    CHECK ((file IS NULL) = (state IN ('done', 'refused', 'failed')))
);
CREATE INDEX roster_import_open_idx ON roster_import (created_at) WHERE file IS NOT NULL;

-- How far a personnel system has told us, so that it cannot take us back.
CREATE TABLE roster_source (
    path     text NOT NULL COLLATE "C", -- of the organ whose system it is
    source   text NOT NULL CHECK (source <> ''),
    revision bigint NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (path, source)
);

-- What a leaver has to hand back (Art. 35); open until it was.
CREATE TABLE hand_back (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES person (id),
    path        text NOT NULL COLLATE "C", -- of the organ that issued it
    class       text NOT NULL,
    item        text NOT NULL,
    listed_at   timestamptz NOT NULL,
    returned_at timestamptz,
    received_by uuid,
    CHECK ((returned_at IS NULL) = (received_by IS NULL)),
    UNIQUE NULLS NOT DISTINCT (person_id, class, item, returned_at)
);

-- How many auxiliaries a government has approved for an organ with everything below it (Art. 7).
CREATE TABLE quota (
    organ_id uuid NOT NULL,
    path     text NOT NULL COLLATE "C", -- of the organ
    class    text NOT NULL CHECK (class IN ('field_auxiliary', 'civilian_auxiliary')),
    amount   integer NOT NULL CHECK (amount >= 0),
    basis    text NOT NULL CHECK (basis <> ''), -- the approval
    set_at   timestamptz NOT NULL,
    PRIMARY KEY (organ_id, class),
    FOREIGN KEY (organ_id, path) REFERENCES organ (id, path) ON UPDATE CASCADE
);

ALTER TABLE roster_import ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE roster_source ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE hand_back ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE quota ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY sight ON roster_import USING (in_scope(path) OR actor = the_person());
CREATE POLICY sight ON roster_source USING (in_scope(path));
CREATE POLICY sight ON hand_back USING (in_scope(path) OR person_id = the_person()) WITH CHECK (in_scope(path));
CREATE POLICY sight ON quota USING (in_scope(path));

GRANT SELECT, INSERT, UPDATE ON roster_import, roster_source, hand_back, quota TO dutybound_app;
