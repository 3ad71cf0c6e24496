-- The day of those on duty: planned shifts, orders to work in plain clothes, messages that wait for a check-in, and positions, which
-- are kept on a short clock.

-- +goose Up

-- What an officer arranged: a post, a time, people (Art. 15). The document is the plan, with the swaps that were asked for.
CREATE TABLE shift_plan (
    id        uuid PRIMARY KEY,
    doc       jsonb NOT NULL,
    path      text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc #>> '{organ,path}') STORED,
    cancelled boolean NOT NULL GENERATED ALWAYS AS (doc ? 'cancelled_at') STORED,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    CHECK (id = (doc ->> 'id')::uuid),
    CHECK (ends_at > starts_at)
);
CREATE INDEX shift_plan_path_idx ON shift_plan (path, starts_at);

-- Whom a plan concerns: ids only, read by the policy, hence without a policy of its own.
CREATE TABLE shift_plan_person (
    plan_id   uuid NOT NULL REFERENCES shift_plan (id),
    person_id uuid NOT NULL,
    part      boolean NOT NULL, -- is to do the shift; false: was, or is asked to take somebody's place
    PRIMARY KEY (plan_id, person_id)
);
CREATE INDEX shift_plan_person_idx ON shift_plan_person (person_id, plan_id);

CREATE FUNCTION on_plan(plan uuid, person uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM shift_plan_person pp WHERE pp.plan_id = plan AND pp.person_id = person);

-- An order to work in plain clothes, which waives the uniform and nothing else (Art. 17(1)).
CREATE TABLE plain_clothes_order (
    id         uuid PRIMARY KEY,
    path       text NOT NULL COLLATE "C", -- of the person's organ
    person_id  uuid NOT NULL REFERENCES person (id),
    approver   uuid NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL,
    given_at   timestamptz NOT NULL,
    CHECK (valid_to > valid_from)
);
CREATE INDEX plain_clothes_order_idx ON plain_clothes_order (person_id, valid_to);

-- Messages about work to somebody who is off duty. They go out at the next check-in, or nowhere when the work is over by then.
CREATE TABLE held_push (
    person_id uuid NOT NULL REFERENCES person (id),
    task_id   uuid NOT NULL,
    kind      text NOT NULL,
    priority  text NOT NULL,
    held_at   timestamptz NOT NULL,
    PRIMARY KEY (person_id, task_id, kind)
);

-- Somebody's newest shift has ended. Whoever has none belongs to an organ that keeps no shifts here.
CREATE FUNCTION off_duty(person uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce((SELECT s.ended_at IS NOT NULL FROM shift s WHERE s.person_id = person ORDER BY s.started_at DESC LIMIT 1), false);

-- Where people on a shift were, as their phones say, a day a partition. The time of capture is the phone's, and it makes the key: the same
-- point sent again is the same row. A clock that is days off is brought near by whole days, so that there is a partition for it.
CREATE TABLE position (
    person_id   uuid NOT NULL,
    captured_at timestamptz NOT NULL,
    days_off    integer NOT NULL, -- by which the phone's own time is earlier
    seen_at     timestamptz NOT NULL, -- when it was captured by our clock, as far as the phone lets us tell
    received_at timestamptz NOT NULL,
    path        text NOT NULL COLLATE "C", -- of the shift's organ
    shift_id    uuid NOT NULL,
    task_id     uuid, -- the work that was going on when it was captured
    lat         double precision NOT NULL, -- WGS-84
    lon         double precision NOT NULL,
    datum       text NOT NULL, -- it was measured in, as the two that follow
    given_lat   double precision NOT NULL,
    given_lon   double precision NOT NULL,
    accuracy_m  real NOT NULL,
    mock        boolean NOT NULL,
    PRIMARY KEY (person_id, captured_at)
) PARTITION BY RANGE (captured_at);

-- What outlives the short clock: positions that belong to the record of work.
CREATE TABLE position_kept (LIKE position INCLUDING INDEXES);
CREATE INDEX position_kept_task_idx ON position_kept (task_id, captured_at) WHERE task_id IS NOT NULL;

-- Whoever holds a task's record keeps the positions of everybody on it from the dispatch to its end, beyond those of the work itself.
CREATE TABLE legal_hold (
    task_id uuid NOT NULL REFERENCES task (id),
    path    text NOT NULL COLLATE "C", -- of the task
    reason  text NOT NULL CHECK (reason <> ''),
    by      uuid NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (task_id, by)
);

ALTER TABLE shift_plan ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE plain_clothes_order ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE held_push ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE position ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE position_kept ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE legal_hold ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY sight ON shift_plan USING (in_scope(path) OR on_plan(id, the_person()));
CREATE POLICY sight ON plain_clothes_order USING (in_scope(path) OR person_id = the_person()) WITH CHECK (in_scope(path));
CREATE POLICY sight ON held_push USING (person_id = the_person() OR current_setting('dutybound.scope', true) = '*');
CREATE POLICY sight ON position USING (in_scope(path) OR person_id = the_person());
CREATE POLICY sight ON position_kept USING (in_scope(path) OR person_id = the_person());
CREATE POLICY sight ON legal_hold USING (in_scope(path));

-- Makes the partitions of the days ahead, and drops those of days that ended more than so many days ago, after putting aside what has
-- to stay. The server owns no table, so it may do this and nothing else. Of several replicas one does it.
-- +goose StatementBegin
CREATE FUNCTION turn_positions(at timestamptz, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE
    today   date := at::date;
    d       date;
    name    text;
    dropped integer := 0;
BEGIN
    IF days < 3 THEN
        RAISE EXCEPTION 'positions of the longest shift are needed' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT pg_try_advisory_xact_lock(7165065861825654388) THEN
        RETURN 0;
    END IF;
    FOR d IN SELECT generate_series(today - days, today + 2, '1 day')::date LOOP
        name := 'position_' || to_char(d, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE position INCLUDING INDEXES)', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY sight ON %I USING (in_scope(path) OR person_id = the_person())', name);
        EXECUTE format('ALTER TABLE position ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, d::timestamptz, (d + 1)::timestamptz);
    END LOOP;
    FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'position'::regclass AND c.relname < 'position_' || to_char(today - days, 'YYYYMMDD') ORDER BY 1
    LOOP
        IF current_setting('dutybound.scope', true) IS DISTINCT FROM '*' THEN
            RAISE EXCEPTION 'whoever does not see what has to stay may not drop the rest' USING ERRCODE = 'insufficient_privilege';
        END IF;
        BEGIN -- whoever reads an old day for long holds up its end, and not the room for the days to come
        EXECUTE format('INSERT INTO position_kept SELECT p.* FROM %I p WHERE p.task_id IS NOT NULL OR EXISTS (
            SELECT FROM legal_hold h JOIN task t ON t.id = h.task_id JOIN task_person tp ON tp.task_id = t.id
            WHERE tp.person_id = p.person_id AND (tp.part OR tp.left_at IS NOT NULL) AND p.seen_at BETWEEN (t.doc ->> ''dispatched_at'')::timestamptz
                AND coalesce((t.doc ->> ''ended_at'')::timestamptz, ''infinity'')) ON CONFLICT DO NOTHING', name);
        EXECUTE format('DROP TABLE %I', name);
        dropped := dropped + 1;
        EXCEPTION WHEN lock_not_available THEN RAISE WARNING 'the positions of % are being read, and dropped later', name;
        END;
    END LOOP;
    RETURN dropped;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION turn_positions FROM PUBLIC;
SELECT turn_positions(now(), 3); -- so that there is never a server without them

GRANT SELECT, INSERT, UPDATE ON shift_plan TO dutybound_app;
GRANT SELECT, INSERT, UPDATE ON shift_plan_person TO dutybound_app;
GRANT SELECT, INSERT ON plain_clothes_order, position, legal_hold TO dutybound_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON held_push TO dutybound_app;
GRANT SELECT ON position_kept TO dutybound_app;
GRANT EXECUTE ON FUNCTION turn_positions TO dutybound_app;
