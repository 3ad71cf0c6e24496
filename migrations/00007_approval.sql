-- What the law leaves to a person: who asked, what was to be settled, by when, and what the organ's approver decided.

-- +goose Up

CREATE TABLE approval (
    id            uuid PRIMARY KEY,
    path          text NOT NULL COLLATE "C", -- of the task's organ
    matter        uuid NOT NULL, -- the task; of a dispatch that was refused, its organ and content
    task_id       uuid REFERENCES task (id), -- of a dispatch that was refused: the task that it became once it was allowed
    ruling_id     uuid NOT NULL REFERENCES ruling (id),
    questions     json NOT NULL, -- the reasons that a person must settle: [{citation, fact, act, person}]
    urgency       text NOT NULL CHECK (urgency IN ('routine', 'urgent', 'immediate')),
    asked_by      uuid NOT NULL REFERENCES person (id),
    dispatched_by uuid NOT NULL REFERENCES person (id),
    asked_at      timestamptz NOT NULL,
    deadline      timestamptz NOT NULL CHECK (deadline > asked_at),
    asked_path    text COLLATE "C", -- the organ whose approvers were told
    escalated_at  timestamptz,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'decided', 'lapsed')),
    allow         boolean,
    scope         text CHECK (scope IN ('task', 'standing')),
    decider       jsonb, -- as they were then
    decided_by    uuid GENERATED ALWAYS AS ((decider ->> 'person')::uuid) STORED REFERENCES person (id),
    decided_at    timestamptz,
    reason        text NOT NULL DEFAULT '',
    CONSTRAINT decided_whole CHECK ((state = 'decided') = (allow IS NOT NULL AND scope IS NOT NULL AND decided_by IS NOT NULL AND reason <> '')
        AND (state = 'open') = (decided_at IS NULL)),
    -- Nobody settles what they themselves ordered or asked for, whatever the code does.
    CONSTRAINT another_decides CHECK (decided_by <> dispatched_by AND decided_by <> asked_by)
);
CREATE UNIQUE INDEX approval_open_idx ON approval (matter) WHERE state = 'open';
CREATE INDEX approval_matter_idx ON approval (matter) WHERE task_id IS NULL;
CREATE INDEX approval_task_idx ON approval (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX approval_queue_idx ON approval (path, deadline) WHERE state = 'open';

-- A request is settled once, escalated once and belongs to one task. What was asked stays.
-- +goose StatementBegin
CREATE FUNCTION approval_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.path, OLD.matter, OLD.ruling_id, OLD.questions::text, OLD.urgency, OLD.asked_by, OLD.dispatched_by, OLD.asked_at, OLD.deadline)
            IS DISTINCT FROM
       (NEW.id, NEW.path, NEW.matter, NEW.ruling_id, NEW.questions::text, NEW.urgency, NEW.asked_by, NEW.dispatched_by, NEW.asked_at, NEW.deadline)
        OR OLD.task_id IS NOT NULL AND NEW.task_id IS DISTINCT FROM OLD.task_id
        OR OLD.escalated_at IS NOT NULL AND NEW.escalated_at IS DISTINCT FROM OLD.escalated_at
        OR OLD.state <> 'open' AND (OLD.state, OLD.allow, OLD.scope, OLD.decider, OLD.decided_at, OLD.reason)
            IS DISTINCT FROM (NEW.state, NEW.allow, NEW.scope, NEW.decider, NEW.decided_at, NEW.reason)
    THEN
        RAISE EXCEPTION 'approval % is settled once and asks what it asked', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER forward BEFORE UPDATE ON approval FOR EACH ROW EXECUTE FUNCTION approval_goes_forward();
CREATE TRIGGER keep BEFORE DELETE ON approval FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON approval EXECUTE FUNCTION refuse_change();

ALTER TABLE approval ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON approval USING (in_scope(path) OR asked_by = the_person() OR on_task(task_id, the_person()));

GRANT SELECT, INSERT, UPDATE ON approval TO dutybound_app;
