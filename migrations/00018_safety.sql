-- Safety: alarms of people in danger, and the checks whether those at work are well.

-- +goose Up

-- A call for help of one person. The document is the alarm, with whom it was brought before and who answered; the columns are taken
-- from it.
CREATE TABLE alarm (
    id        uuid PRIMARY KEY,
    doc       jsonb NOT NULL,
    person_id uuid NOT NULL GENERATED ALWAYS AS ((doc #>> '{person,id}')::uuid) STORED REFERENCES person (id),
    path      text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc #>> '{organ,path}') STORED, -- of the person's organ
    state     text NOT NULL GENERATED ALWAYS AS (doc ->> 'state') STORED CHECK (state IN ('open', 'answered', 'closed')),
    round     integer NOT NULL GENERATED ALWAYS AS ((doc ->> 'round')::integer) STORED,
    next_at   timestamptz, -- when it is brought before people again; null: not any more
    CHECK (id = (doc ->> 'id')::uuid),
    -- An alarm that nobody has answered is never left lying.
    CONSTRAINT repeated_until_answered CHECK ((state = 'open') = (next_at IS NOT NULL))
);
-- One person has one open alarm, however often the button is pressed and however many servers find a check missed.
CREATE UNIQUE INDEX alarm_person_idx ON alarm (person_id) WHERE state <> 'closed';
CREATE INDEX alarm_path_idx ON alarm (path, id);
CREATE INDEX alarm_next_idx ON alarm (next_at) WHERE next_at IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION alarm_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' OR NEW.person_id <> OLD.person_id OR NEW.path <> OLD.path OR NEW.round < OLD.round
        OR NEW.doc ->> 'received_at' <> OLD.doc ->> 'received_at'
    THEN
        RAISE EXCEPTION 'alarm % is closed once and stays whose it is', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER forward AFTER UPDATE ON alarm FOR EACH ROW EXECUTE FUNCTION alarm_goes_forward();
CREATE TRIGGER keep BEFORE DELETE ON alarm FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON alarm EXECUTE FUNCTION refuse_change();

-- The watch over the members of one task: what was ordered, and how each member's check stands.
CREATE TABLE task_check (
    task_id uuid PRIMARY KEY REFERENCES task (id),
    doc     jsonb NOT NULL,
    path    text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc ->> 'path') STORED, -- of the task's organ
    version integer NOT NULL GENERATED ALWAYS AS ((doc ->> 'version')::integer) STORED, -- of the task when it was last looked at
    next_at timestamptz, -- when it is to be looked at again, if nothing happens; null: not while the task rests
    CHECK (task_id = (doc ->> 'task')::uuid)
);
CREATE INDEX task_check_next_idx ON task_check (next_at) WHERE next_at IS NOT NULL;
-- The sweep asks again and again which tasks are at work: a few among all that ever were.
CREATE INDEX task_started_idx ON task (id) WHERE state = 'started';

ALTER TABLE alarm ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE task_check ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- Whose it is, whoever it was brought before, and who watches over the organ.
CREATE POLICY sight ON alarm USING (in_scope(path) OR person_id = the_person()
    OR doc -> 'recipients' @> jsonb_build_array(jsonb_build_object('person', the_person())));
CREATE POLICY sight ON task_check USING (in_scope(path) OR on_task(task_id, the_person()));

GRANT SELECT, INSERT, UPDATE ON alarm, task_check TO dutybound_app;
