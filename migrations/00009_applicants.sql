-- Recruitment (Art. 9 to 12): applicants with their stages, and what the law said of them.

-- +goose Up

-- The document is the applicant. It has no id card number, and of the bars of Art. 10 only yes or no, who checked and when.
CREATE TABLE applicant (
    id         uuid PRIMARY KEY,
    doc        jsonb NOT NULL,
    organ_id   uuid NOT NULL GENERATED ALWAYS AS ((doc #>> '{organ,id}')::uuid) STORED REFERENCES organ (id),
    path       text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc #>> '{organ,path}') STORED,
    state      text NOT NULL GENERATED ALWAYS AS (doc ->> 'state') STORED CHECK (state IN ('open', 'hired')),
    person_id  uuid GENERATED ALWAYS AS ((doc ->> 'person')::uuid) STORED REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    CHECK (id = (doc ->> 'id')::uuid),
    CHECK ((state = 'hired') = (person_id IS NOT NULL))
);
CREATE INDEX applicant_path_idx ON applicant (path, id);

-- What the gate said, at the review and at the hiring, for and against. The event's body has its digest, so the ledger covers it.
CREATE TABLE applicant_ruling (
    id           uuid PRIMARY KEY,
    applicant_id uuid NOT NULL REFERENCES applicant (id),
    path         text NOT NULL COLLATE "C",
    asked        text NOT NULL CHECK (asked IN ('review', 'hire')),
    outcome      text NOT NULL CHECK (outcome IN ('permitted', 'conditional', 'needs_human', 'unmet', 'outside_scope', 'prohibited')),
    actor        uuid NOT NULL,
    decided_at   timestamptz NOT NULL,
    event_id     uuid NOT NULL REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
    ruling       json NOT NULL, -- kept byte for byte
    CHECK (outcome = ruling ->> 'outcome')
);
CREATE INDEX applicant_ruling_idx ON applicant_ruling (applicant_id, decided_at);

CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON applicant_ruling FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON applicant_ruling EXECUTE FUNCTION refuse_change();

ALTER TABLE applicant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE applicant_ruling ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON applicant USING (in_scope(path));
CREATE POLICY sight ON applicant_ruling USING (in_scope(path));

GRANT SELECT, INSERT, UPDATE ON applicant TO dutybound_app;
GRANT SELECT, INSERT ON applicant_ruling TO dutybound_app;
