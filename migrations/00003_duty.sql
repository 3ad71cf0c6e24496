-- Duty: tasks, the rulings they stand on, what was observed, what happened, and the commands that made it so.

-- +goose Up

CREATE TABLE event (
    ord      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- rises with each event of a task, which holds its row lock
    seq      bigint UNIQUE, -- given by the sequencer, without gaps; nobody reads an event before
    id       uuid NOT NULL UNIQUE,
    kind     text NOT NULL,
    path     text NOT NULL COLLATE "C",
    task_id  uuid,
    version  integer NOT NULL,
    actor    uuid NOT NULL,
    at       timestamptz NOT NULL,
    body     text NOT NULL, -- JSON, kept as it was hashed
    evidence bytea -- digest of the rulings and observations written with the event; null: none were
);
CREATE INDEX event_waiting_idx ON event (ord) WHERE seq IS NULL;
CREATE UNIQUE INDEX event_task_idx ON event (task_id, version) WHERE task_id IS NOT NULL;

CREATE TABLE ruling (
    id         uuid PRIMARY KEY,
    task_id    uuid, -- null: asked without dispatching, or a refused dispatch
    path       text NOT NULL COLLATE "C",
    epoch      integer NOT NULL,
    phase      text NOT NULL CHECK (phase IN ('dispatch', 'start', 'during')),
    outcome    text NOT NULL CHECK (outcome IN ('permitted', 'conditional', 'needs_human', 'unmet', 'outside_scope', 'prohibited')),
    actor      uuid NOT NULL,
    command    text NOT NULL,
    decided_at timestamptz NOT NULL,
    event_id   uuid NOT NULL REFERENCES event (id), -- its leaf in the ledger covers this row
    facts      json NOT NULL, -- kept byte for byte, so that the ruling can be derived again
    ruling     json NOT NULL,
    -- Work may go on under this ruling: it is lawful, and it was given on the facts of a beginning or running work.
    carries    boolean NOT NULL GENERATED ALWAYS AS (phase IN ('start', 'during') AND outcome IN ('permitted', 'conditional')) STORED,
    UNIQUE (task_id, epoch, id, carries),
    CHECK (phase = facts ->> 'phase' AND outcome = ruling ->> 'outcome')
);
CREATE INDEX ruling_decided_idx ON ruling (decided_at, id);
CREATE INDEX ruling_event_idx ON ruling (event_id);

-- The document is the task; the columns are taken from it and so cannot say anything else.
CREATE TABLE task (
    id              uuid PRIMARY KEY,
    doc             jsonb NOT NULL,
    organ_id        uuid NOT NULL GENERATED ALWAYS AS ((doc #>> '{organ,id}')::uuid) STORED REFERENCES organ (id),
    path            text NOT NULL COLLATE "C" GENERATED ALWAYS AS (doc #>> '{organ,path}') STORED,
    state           text NOT NULL GENERATED ALWAYS AS (doc ->> 'state') STORED
                    CHECK (state IN ('dispatched', 'started', 'paused', 'finished', 'cancelled')),
    version         integer NOT NULL GENERATED ALWAYS AS ((doc ->> 'version')::integer) STORED,
    epoch           integer NOT NULL GENERATED ALWAYS AS ((doc ->> 'epoch')::integer) STORED,
    standing_ruling uuid GENERATED ALWAYS AS ((doc ->> 'standing_ruling')::uuid) STORED,
    carried         boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
    latest_ruling   uuid NOT NULL GENERATED ALWAYS AS ((doc ->> 'latest_ruling')::uuid) STORED
                    REFERENCES ruling (id) DEFERRABLE INITIALLY DEFERRED,
    updated_at      timestamptz NOT NULL,
    CHECK (id = (doc ->> 'id')::uuid),
    CHECK (state = 'started' OR standing_ruling IS NULL OR state IN ('finished', 'cancelled')),
    -- No task is started but under a ruling that carries it: a ruling of this task, of its present epoch, lawful, and given for
    -- the start or the course of the work. Nothing that runs SQL can get round these two.
    CONSTRAINT started_under_a_ruling CHECK (state <> 'started' OR standing_ruling IS NOT NULL),
    CONSTRAINT standing_ruling_carries FOREIGN KEY (id, epoch, standing_ruling, carried)
        REFERENCES ruling (task_id, epoch, id, carries)
);
CREATE INDEX task_path_idx ON task (path, id);

ALTER TABLE ruling ADD FOREIGN KEY (task_id) REFERENCES task (id);
ALTER TABLE event ADD FOREIGN KEY (task_id) REFERENCES task (id);

-- Ended work stays ended, and an old ruling cannot carry new work because epochs never come back.
-- +goose StatementBegin
CREATE FUNCTION task_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.path <> OLD.path OR NEW.version < OLD.version OR NEW.epoch < OLD.epoch
        OR (OLD.state IN ('finished', 'cancelled') AND NEW.state <> OLD.state)
        OR (OLD.state = 'started' AND NEW.state IN ('dispatched', 'paused') AND NEW.epoch = OLD.epoch)
    THEN
        RAISE EXCEPTION 'task % cannot go back', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER task_goes_forward AFTER UPDATE ON task FOR EACH ROW EXECUTE FUNCTION task_goes_forward();

-- Who is on a task and may see it wherever their organ is: ids only, read by the policies, hence without a policy of its own.
CREATE TABLE task_person (
    task_id   uuid NOT NULL REFERENCES task (id),
    person_id uuid NOT NULL,
    part      boolean NOT NULL, -- member or officer; false: dispatched it
    open      boolean NOT NULL, -- the task has not ended
    PRIMARY KEY (task_id, person_id)
);
CREATE INDEX task_person_open_idx ON task_person (person_id, task_id) WHERE open AND part;
CREATE INDEX task_person_person_idx ON task_person (person_id, task_id);

CREATE TABLE observation (
    id          uuid PRIMARY KEY,
    subject     uuid NOT NULL REFERENCES person (id),
    path        text NOT NULL COLLATE "C", -- of the subject's organ
    task_id     uuid REFERENCES task (id),
    fact        text NOT NULL,
    value       text NOT NULL,
    stated_by   uuid NOT NULL,
    device_id   uuid NOT NULL,
    source      text NOT NULL,
    observed_at timestamptz NOT NULL, -- testimony of the device
    received_at timestamptz NOT NULL,
    event_id    uuid REFERENCES event (id) -- its leaf in the ledger covers this row; null: told us nothing new
);
CREATE INDEX observation_subject_idx ON observation (subject, received_at);
CREATE INDEX observation_task_idx ON observation (task_id, received_at) WHERE task_id IS NOT NULL;
CREATE INDEX observation_event_idx ON observation (event_id) WHERE event_id IS NOT NULL;

-- The newest observation of each subject, fact and witness, on each task and on none: what a ruling looks at.
CREATE TABLE observation_now (
    subject     uuid NOT NULL,
    fact        text NOT NULL,
    stated_by   uuid NOT NULL,
    task_id     uuid,
    id          uuid NOT NULL,
    path        text NOT NULL COLLATE "C",
    value       text NOT NULL,
    device_id   uuid NOT NULL,
    source      text NOT NULL,
    observed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (subject, fact, stated_by, task_id)
);

-- Each command for ever, by the id its device made, with the answer it got.
CREATE TABLE command (
    device_id   uuid NOT NULL,
    id          uuid NOT NULL,
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    person_id   uuid NOT NULL,
    ruling_id   uuid,
    answer      text NOT NULL, -- JSON
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, id)
);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the rows of % are kept as they were written', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ruling FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON observation FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON command FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_task BEFORE DELETE ON task FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- The one change an event ever sees: from waiting to numbered.
CREATE TRIGGER number_once BEFORE UPDATE ON event FOR EACH ROW
    WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL
        OR (OLD.ord, OLD.id, OLD.kind, OLD.path, OLD.task_id, OLD.version, OLD.actor, OLD.at, OLD.body, OLD.evidence) IS DISTINCT FROM
           (NEW.ord, NEW.id, NEW.kind, NEW.path, NEW.task_id, NEW.version, NEW.actor, NEW.at, NEW.body, NEW.evidence))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ruling EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON observation EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON command EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON event EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON task EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON ruling, observation, event, command TO dutybound_app;
GRANT UPDATE (seq) ON event TO dutybound_app;
GRANT SELECT, INSERT, UPDATE ON task, observation_now TO dutybound_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON task_person TO dutybound_app;
