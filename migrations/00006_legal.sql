-- The law as its organs own it: what one person proposed, a second one approved, and from when it holds.

-- +goose Up

-- dutybound.law says whose law a transaction asks for: the paths of an organ and of those above it, joined by commas. The law of an
-- organ is its own and theirs, which its people are under whether or not they may look into those organs.
CREATE FUNCTION in_law(path text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN path = ANY (string_to_array(current_setting('dutybound.law', true), ',', ''));

CREATE FUNCTION at_and_above(path text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(array_to_string(code[1:n], '/') || '/', ',')
            FROM string_to_array(rtrim(path, '/'), '/') AS code, generate_series(1, cardinality(code)) AS n);

CREATE TABLE proposal (
    id             uuid PRIMARY KEY,
    organ          jsonb NOT NULL, -- as it was when proposed
    path           text NOT NULL COLLATE "C" GENERATED ALWAYS AS (organ ->> 'path') STORED,
    kind           text NOT NULL CHECK (kind IN ('rulebook', 'reading', 'entry', 'post', 'decision')),
    subject        text NOT NULL CHECK (subject <> ''), -- the reading's id, the entry's act, the post's code, ...
    value          text CHECK (value IS NULL OR value::json IS NOT NULL), -- JSON; null: the organ no longer sets it and inherits again
    memo           text NOT NULL CHECK (memo <> ''),
    reason         text NOT NULL CHECK (reason <> ''),
    effective_from timestamptz NOT NULL,
    proposer       jsonb NOT NULL, -- as they were then, and so is the decider
    proposed_by    uuid NOT NULL GENERATED ALWAYS AS ((proposer ->> 'person')::uuid) STORED REFERENCES person (id),
    proposed_at    timestamptz NOT NULL,
    state          text NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected', 'withdrawn')),
    decider        jsonb,
    decided_by     uuid GENERATED ALWAYS AS ((decider ->> 'person')::uuid) STORED REFERENCES person (id),
    decided_at     timestamptz,
    decided_why    text NOT NULL DEFAULT '',
    -- What was approved after its date holds from the approval: no ruling that was given is touched.
    in_force_from  timestamptz GENERATED ALWAYS AS (CASE WHEN state = 'approved' THEN greatest(effective_from, decided_at) END) STORED,
    CONSTRAINT decided_by_somebody CHECK ((state = 'proposed') = (decided_by IS NULL) AND (state = 'proposed') = (decided_at IS NULL)),
    -- Nobody changes the law alone, whatever the code does.
    CONSTRAINT two_people CHECK (state NOT IN ('approved', 'rejected') OR decided_by <> proposed_by),
    CONSTRAINT own_withdrawal CHECK (state <> 'withdrawn' OR decided_by = proposed_by),
    CHECK (decided_at >= proposed_at)
);
CREATE INDEX proposal_law_idx ON proposal (path, kind, subject, in_force_from DESC, decided_at DESC) WHERE state = 'approved';
CREATE INDEX proposal_path_idx ON proposal (path, id);

-- A proposal is decided once. What it says stays as it was said.
-- +goose StatementBegin
CREATE FUNCTION proposal_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'proposal % begins undecided', NEW.id USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF OLD.state <> 'proposed' OR NEW.state = 'proposed'
        OR (OLD.id, OLD.organ, OLD.kind, OLD.subject, OLD.value, OLD.memo, OLD.reason, OLD.effective_from, OLD.proposer, OLD.proposed_at)
            IS DISTINCT FROM
           (NEW.id, NEW.organ, NEW.kind, NEW.subject, NEW.value, NEW.memo, NEW.reason, NEW.effective_from, NEW.proposer, NEW.proposed_at)
    THEN
        RAISE EXCEPTION 'proposal % is decided once and says what it said', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER forward BEFORE INSERT OR UPDATE ON proposal FOR EACH ROW EXECUTE FUNCTION proposal_goes_forward();
CREATE TRIGGER keep BEFORE DELETE ON proposal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON proposal EXECUTE FUNCTION refuse_change();

ALTER TABLE proposal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON proposal USING (in_scope(path) OR state = 'approved' AND in_law(path)) WITH CHECK (in_scope(path));

GRANT SELECT, INSERT, UPDATE ON proposal TO dutybound_app;
