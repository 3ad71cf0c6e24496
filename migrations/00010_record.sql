-- What the record of a task holds beyond its events: who was on it and when, what may no longer change, and the digest of its document.

-- +goose Up

-- Whoever is sent away stays here with the time they were there: what was observed of them then belongs to the task.
ALTER TABLE task_person
    ADD joined_at timestamptz NOT NULL DEFAULT '-infinity', -- of those from before this was kept: the dispatch counts
    ADD left_at   timestamptz; -- null: still there, or never of the unit

-- They may still speak of that time; it is all that lets them near the task.
CREATE OR REPLACE FUNCTION on_task(task uuid, person uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM task_person tp WHERE tp.task_id = task AND tp.person_id = person
        AND (tp.left_at IS NULL OR current_setting('dutybound.testifying', true) = 'true'));

-- Covered by the event's evidence. The newest event of a task has it, so that the document can be held against it.
ALTER TABLE event ADD task_digest bytea; -- of the document that the event left behind; null: of no task, not its command's last, or older than this

-- What the law was asked about when the work began: acts, case and circumstances, who works, who leads, who ordered it.
CREATE FUNCTION task_facts(doc jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_build_array(doc -> 'acts', doc -> 'case_kind', doc -> 'tags', doc -> 'emergency', doc -> 'evidence_use', doc -> 'signatory',
        doc -> 'guard_named', doc -> 'officers', doc -> 'dispatched_by',
        jsonb_path_query_array(doc, '$.members[*] ? (@.state == "accepted")'));

-- Ended work stays ended, and as it ended. Work that goes on is the work that its ruling was given on: another needs an epoch, and so
-- a ruling, of its own. An old ruling cannot carry new work because epochs never come back.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION task_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.path <> OLD.path OR NEW.version < OLD.version OR NEW.epoch < OLD.epoch
        OR (OLD.state IN ('finished', 'cancelled') AND NEW.doc - 'version' <> OLD.doc - 'version')
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
