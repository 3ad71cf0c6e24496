-- Who is on duty, and where: shifts, and positions of people on one.

-- +goose Up

-- One stretch of duty of one person, from check-in to check-out. The document is the shift; the columns are taken from it.
CREATE TABLE shift (
    id         uuid PRIMARY KEY,
    doc        jsonb NOT NULL,
    person_id  uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'person')::uuid) STORED REFERENCES person (id),
    path       text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc #>> '{organ,path}') STORED,
    unit       text GENERATED ALWAYS AS (doc ->> 'unit') STORED,     -- call sign of the vehicle or unit one checked in with
    facility   text GENERATED ALWAYS AS (doc ->> 'facility') STORED, -- a place whose roster, not a position, shows who is there
    arranged   boolean NOT NULL GENERATED ALWAYS AS (doc ? 'arranged_by') STORED, -- by an officer, on a plan (Art. 15)
    plan_id    uuid GENERATED ALWAYS AS ((doc ->> 'plan')::uuid) STORED,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CHECK (id = (doc ->> 'id')::uuid),
    CHECK (ended_at IS NULL OR ended_at >= started_at)
);
-- Nobody is on duty twice.
CREATE UNIQUE INDEX shift_open_idx ON shift (person_id) WHERE ended_at IS NULL;
CREATE INDEX shift_person_idx ON shift (person_id, started_at DESC);
CREATE INDEX shift_path_idx ON shift (path, started_at DESC);
CREATE INDEX shift_plan_idx ON shift (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX shift_overdue_idx ON shift (started_at) WHERE ended_at IS NULL;

-- The newest position of everybody on duty, in WGS-84; it goes with the shift.
CREATE TABLE position_last (
    person_id   uuid PRIMARY KEY REFERENCES person (id),
    path        text NOT NULL COLLATE "C", -- of the person's organ
    shift_id    uuid NOT NULL REFERENCES shift (id),
    lat         double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon         double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    accuracy_m  real NOT NULL CHECK (accuracy_m >= 0),
    mock        boolean NOT NULL, -- the phone says that its position was made up
    captured_at timestamptz NOT NULL, -- testimony of the phone
    received_at timestamptz NOT NULL
) WITH (fillfactor = 50);

ALTER TABLE shift ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE position_last ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON shift USING (in_scope(path) OR person_id = the_person() OR with_me(person_id))
    WITH CHECK (in_scope(path) OR person_id = the_person());
CREATE POLICY sight ON position_last USING (in_scope(path) OR person_id = the_person() OR with_me(person_id))
    WITH CHECK (in_scope(path) OR person_id = the_person());

GRANT SELECT, INSERT, UPDATE ON shift TO dutybound_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON position_last TO dutybound_app;
