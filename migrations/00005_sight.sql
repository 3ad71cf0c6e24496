-- Row-level security, the second wall behind the one authorisation function: rows of another organ are not there, even for a
-- query that forgot to ask. The owner is bound as well.

-- +goose Up

ALTER TABLE organ ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE authority ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE training ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE qualification ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE equipment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE device ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE task ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE ruling ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE observation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE observation_now ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE command ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE FUNCTION on_task(task uuid, person uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM task_person tp WHERE tp.task_id = task AND tp.person_id = person);

CREATE POLICY sight ON task USING (in_scope(path) OR on_task(id, the_person()));

-- Everybody on the tasks that a command is about, where its actor sees the task: the law asks about all of them.
CREATE FUNCTION with_me(person uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM task_person tp JOIN task t ON t.id = tp.task_id
                   WHERE tp.task_id = ANY (the_tasks()) AND tp.person_id = person);

CREATE POLICY sight ON person USING (in_scope(path) OR id = the_person() OR with_me(id)) WITH CHECK (in_scope(path));
CREATE POLICY sight ON authority USING (in_scope(path) OR person_id = the_person()) WITH CHECK (in_scope(path));
CREATE POLICY sight ON training USING (EXISTS (SELECT FROM person p WHERE p.id = person_id));
CREATE POLICY sight ON qualification USING (EXISTS (SELECT FROM person p WHERE p.id = person_id));
CREATE POLICY sight ON equipment USING (EXISTS (SELECT FROM person p WHERE p.id = person_id));
CREATE POLICY sight ON device USING (EXISTS (SELECT FROM person p WHERE p.id = person_id));

-- An organ is seen from above, from below (a station knows its district), and where somebody seen belongs to it or below it.
CREATE POLICY sight ON organ USING (
    in_scope(path)
    OR EXISTS (SELECT FROM unnest(string_to_array(current_setting('dutybound.scope', true), ',', '')) AS s (prefix) WHERE s.prefix ^@ path)
    OR EXISTS (SELECT FROM person p
               WHERE p.id IN (SELECT the_person() UNION ALL SELECT tp.person_id FROM task_person tp WHERE tp.task_id = ANY (the_tasks()))
                   AND p.path ^@ organ.path)
) WITH CHECK (in_scope(path));

CREATE POLICY sight ON ruling USING (in_scope(path) OR actor = the_person() OR on_task(task_id, the_person()))
    WITH CHECK (in_scope(path) OR on_task(task_id, the_person()));
CREATE POLICY sight ON event USING (in_scope(path) OR actor = the_person() OR on_task(task_id, the_person()))
    WITH CHECK (in_scope(path) OR on_task(task_id, the_person()));
CREATE POLICY sight ON observation
    USING (in_scope(path) OR subject = the_person() OR stated_by = the_person() OR on_task(task_id, the_person()) OR with_me(subject))
    WITH CHECK (in_scope(path) OR stated_by = the_person());
CREATE POLICY sight ON observation_now
    USING (in_scope(path) OR subject = the_person() OR stated_by = the_person() OR on_task(task_id, the_person()) OR with_me(subject))
    WITH CHECK (in_scope(path) OR stated_by = the_person());
CREATE POLICY sight ON command USING (person_id = the_person() OR current_setting('dutybound.scope', true) = '*');

-- River's tables belong to no organ: jobs name people and tasks by id only.
GRANT SELECT, INSERT, UPDATE, DELETE ON river_job, river_leader, river_queue, river_notification TO dutybound_app;
GRANT SELECT ON river_migration TO dutybound_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dutybound_app;
