-- The roster: organs, people, what they are trained and equipped for, what they may do, and how they sign in.

-- +goose Up

-- The server works as this role: owner of nothing, bound by every policy below. It is shared by the databases of a cluster.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dutybound_app') THEN
        CREATE ROLE dutybound_app NOLOGIN NOINHERIT;
    END IF;
    IF NOT pg_has_role(current_user, 'dutybound_app', 'member') THEN
        EXECUTE format('GRANT dutybound_app TO %I', current_user);
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- made by another database's migration this moment
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the user % may not create the role dutybound_app', current_user
            USING HINT = format('As a superuser run: CREATE ROLE dutybound_app NOLOGIN NOINHERIT; GRANT dutybound_app TO %I;', current_user);
END
$$;
-- +goose StatementEnd

-- Settings of the transaction say who looks: dutybound.scope (organ paths joined by commas, or *), dutybound.person, and
-- dutybound.tasks (ids joined by commas) for the tasks a command is about. A setting that was never made is null, and one of an
-- earlier transaction is empty: both see nothing.
CREATE FUNCTION in_scope(path text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('dutybound.scope', true) = '*'
        OR path ^@ ANY (string_to_array(current_setting('dutybound.scope', true), ',', ''));

CREATE FUNCTION the_person() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('dutybound.person', true), '')::uuid;

CREATE FUNCTION the_tasks() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(current_setting('dutybound.tasks', true), ',', '')::uuid[];

CREATE TABLE organ (
    id         uuid PRIMARY KEY,
    code       text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-Za-z-]{1,32}$'),
    name       text NOT NULL CHECK (name <> ''),
    kind       text NOT NULL CHECK (kind IN ('bureau', 'district', 'station', 'squad')),
    parent_id  uuid REFERENCES organ (id),
    path       text NOT NULL COLLATE "C" UNIQUE,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_to   timestamptz,
    UNIQUE (id, path),
    CHECK (path LIKE '%' || code || '/')
);

CREATE TABLE person (
    id       uuid PRIMARY KEY,
    number   text NOT NULL UNIQUE CHECK (number <> ''),
    name     text NOT NULL CHECK (name <> ''),
    class    text NOT NULL CHECK (class IN ('officer', 'field_auxiliary', 'civilian_auxiliary', 'other')),
    organ_id uuid NOT NULL,
    path     text NOT NULL COLLATE "C", -- of the organ
    status   text NOT NULL CHECK (status IN ('unknown', 'active', 'suspended', 'separated')),
    FOREIGN KEY (organ_id, path) REFERENCES organ (id, path) ON UPDATE CASCADE
);
CREATE INDEX person_path_idx ON person (path, number);

CREATE TABLE credential (
    person_id   uuid PRIMARY KEY REFERENCES person (id),
    hash        text NOT NULL, -- PHC string
    must_change boolean NOT NULL DEFAULT false,
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE authority (
    person_id uuid NOT NULL REFERENCES person (id),
    role      text NOT NULL CHECK (role IN ('auxiliary', 'officer', 'station_head', 'legal', 'personnel', 'command_viewer', 'auditor')),
    organ_id  uuid NOT NULL,
    path      text NOT NULL COLLATE "C", -- of the organ
    PRIMARY KEY (person_id, role, organ_id),
    FOREIGN KEY (organ_id, path) REFERENCES organ (id, path) ON UPDATE CASCADE
);

CREATE TABLE post (
    code  text PRIMARY KEY CHECK (code <> ''),
    name  text NOT NULL,
    items text[] NOT NULL -- citations: 'cq-2021 15(1)'
);

CREATE TABLE training (
    person_id     uuid NOT NULL REFERENCES person (id),
    post          text NOT NULL REFERENCES post (code),
    passed_on     timestamptz NOT NULL,
    valid_to      timestamptz,
    refresher_due timestamptz,
    PRIMARY KEY (person_id, post)
);

CREATE TABLE qualification (
    person_id uuid NOT NULL REFERENCES person (id),
    kind      text NOT NULL CHECK (kind IN ('car', 'motorcycle', 'boat', 'aircraft', 'robot', 'drone')),
    valid_to  timestamptz,
    PRIMARY KEY (person_id, kind)
);

CREATE TABLE equipment (
    person_id uuid NOT NULL REFERENCES person (id),
    class     text NOT NULL,
    item      text NOT NULL,
    PRIMARY KEY (person_id, class, item)
);

CREATE TABLE device (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES person (id),
    name          text NOT NULL,
    platform      text NOT NULL,
    push_token    text,
    registered_at timestamptz NOT NULL DEFAULT now(),
    revoked_at    timestamptz
);
CREATE INDEX device_person_idx ON device (person_id);
CREATE UNIQUE INDEX device_push_token_idx ON device (push_token) WHERE push_token IS NOT NULL;

CREATE TABLE session (
    id         uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    person_id  uuid NOT NULL REFERENCES person (id),
    device_id  uuid NOT NULL REFERENCES device (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX session_device_idx ON session (device_id);
CREATE INDEX session_person_idx ON session (person_id);

CREATE TABLE feed_ticket (
    hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
    session_id uuid NOT NULL REFERENCES session (id),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX feed_ticket_expiry_idx ON feed_ticket (expires_at);

GRANT SELECT, INSERT, UPDATE ON organ, person, credential, post, device, session, feed_ticket TO dutybound_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON authority, training, qualification, equipment TO dutybound_app;
GRANT DELETE ON feed_ticket TO dutybound_app;
