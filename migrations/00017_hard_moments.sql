-- What people ask of the head of their station about a task: recusals (Art. 22) and objections (Art. 20), kept beside the task because
-- they are not for everybody who sees it. And what of restraint equipment (Art. 17(4)) is told after a task has ended.

-- +goose Up

-- The documents are kept byte for byte: the events about them hold their digests.
CREATE TABLE recusal (
    id        uuid PRIMARY KEY,
    doc       json NOT NULL,
    task_id   uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'task')::uuid) STORED REFERENCES task (id),
    path      text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc ->> 'path') STORED,
    person_id uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'person')::uuid) STORED REFERENCES person (id),
    asked_by  uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'asked_by')::uuid) STORED,
    state     text NOT NULL GENERATED ALWAYS AS (doc ->> 'state') STORED CHECK (state IN ('pending', 'granted', 'refused')),
    decided_by uuid GENERATED ALWAYS AS ((doc -> 'decided_by' ->> 'person')::uuid) STORED,
    CHECK (id = (doc ->> 'id')::uuid),
    CONSTRAINT decided_whole CHECK ((state = 'pending') = (decided_by IS NULL)),
    CONSTRAINT another_decides CHECK (decided_by NOT IN (asked_by, person_id))
);
CREATE INDEX recusal_task_idx ON recusal (task_id);
CREATE INDEX recusal_queue_idx ON recusal (path, id) WHERE state = 'pending';
CREATE UNIQUE INDEX recusal_pending_idx ON recusal (task_id, person_id) WHERE state = 'pending';

CREATE TABLE objection (
    id        uuid PRIMARY KEY,
    doc       json NOT NULL,
    task_id   uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'task')::uuid) STORED REFERENCES task (id),
    path      text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc ->> 'path') STORED,
    person_id uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'person')::uuid) STORED REFERENCES person (id),
    state     text NOT NULL GENERATED ALWAYS AS (doc ->> 'state') STORED CHECK (state IN ('open', 'upheld', 'dismissed')),
    answered_by uuid GENERATED ALWAYS AS ((doc -> 'answered_by' ->> 'person')::uuid) STORED,
    CHECK (id = (doc ->> 'id')::uuid),
    CONSTRAINT answered_whole CHECK ((state = 'open') = (answered_by IS NULL)),
    CONSTRAINT another_answers CHECK (answered_by <> person_id)
);
CREATE INDEX objection_task_idx ON objection (task_id);
CREATE INDEX objection_queue_idx ON objection (path, id) WHERE state = 'open';

-- What was settled stays.
-- +goose StatementBegin
CREATE FUNCTION settled_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('pending', 'open') OR (OLD.id, OLD.task_id, OLD.path, OLD.person_id) <> (NEW.id, NEW.task_id, NEW.path, NEW.person_id) THEN
        RAISE EXCEPTION '% % is settled once', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER forward AFTER UPDATE ON recusal FOR EACH ROW EXECUTE FUNCTION settled_once();
CREATE TRIGGER forward AFTER UPDATE ON objection FOR EACH ROW EXECUTE FUNCTION settled_once();
CREATE TRIGGER keep BEFORE DELETE ON recusal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON objection FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON recusal EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON objection EXECUTE FUNCTION refuse_change();

ALTER TABLE recusal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE objection ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON recusal USING (in_scope(path) OR on_task(task_id, the_person()));
CREATE POLICY sight ON objection USING (in_scope(path) OR on_task(task_id, the_person()));
GRANT SELECT, INSERT, UPDATE ON recusal, objection TO dutybound_app;

-- Who watches over an organ, and what somebody did.
CREATE INDEX authority_path_idx ON authority (path, role);
CREATE INDEX event_actor_idx ON event (actor, at);
CREATE INDEX event_lead_idx ON event (at) WHERE kind IN ('lead.left', 'lead.lost');

-- As in 00010, but for one thing: what is told of restraint equipment is testimony, and of a task that has ended as well.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION task_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.path <> OLD.path OR NEW.version < OLD.version OR NEW.epoch < OLD.epoch
        OR (OLD.state IN ('finished', 'cancelled') AND NEW.doc - '{version,restraints}'::text[] <> OLD.doc - '{version,restraints}'::text[])
        OR (OLD.state = 'started' AND NEW.state IN ('dispatched', 'paused') AND NEW.epoch = OLD.epoch)
    THEN
        RAISE EXCEPTION 'task % cannot go back', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'started' AND NEW.epoch = OLD.epoch AND task_facts(NEW.doc) <> task_facts(OLD.doc) THEN
        RAISE EXCEPTION 'task % goes on under a ruling on other facts', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
