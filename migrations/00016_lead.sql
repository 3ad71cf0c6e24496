-- What the watch over leads has seen.

-- +goose Up

-- A position is as old as the phone said when it sent it, counted back from when it came: a phone that was out of reach for an hour
-- sends old positions, and one with a wrong clock sends fresh ones.
ALTER TABLE position_last ADD seen_at timestamptz;
UPDATE position_last SET seen_at = received_at;
ALTER TABLE position_last ALTER seen_at SET NOT NULL;

-- Until when evidence that the watch saw shows the lead of a task present. The task itself changes only when the lead's state does;
-- this is what another replica, or the same one after a restart, would not know.
CREATE TABLE lead_watch (
    task_id uuid PRIMARY KEY REFERENCES task (id),
    good    timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Tasks whose lead is to be watched.
ALTER TABLE task ADD watched boolean NOT NULL
    GENERATED ALWAYS AS (doc ->> 'state' = 'started' AND coalesce(jsonb_typeof(doc -> 'accompaniment') = 'object', false)) STORED;
CREATE INDEX task_watched_idx ON task (id) INCLUDE (version) WHERE watched;

-- Stretches in which work that must be led ran without an officer (Art. 16, 19¶2), for those who ask later.
CREATE FUNCTION alone_in(doc jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_path_exists(doc, '$.accompaniment.alone[*]') OR jsonb_path_exists(doc, '$.led_before[*].alone[*]');
CREATE INDEX task_alone_idx ON task (path) WHERE alone_in(doc);

GRANT SELECT, INSERT, UPDATE, DELETE ON lead_watch TO dutybound_app;
