-- What a phone that comes back has missed: whom each numbered event concerns, and every message that was meant for somebody.

-- +goose Up

-- Written with the number of the event, from who was on its task then: ids only. Whoever is sent away is in it up to the event that
-- sent them.
CREATE TABLE event_person (
    person_id uuid NOT NULL,
    seq       bigint NOT NULL,
    PRIMARY KEY (person_id, seq)
);
CREATE INDEX event_person_seq_idx ON event_person (seq);

-- A push as it was meant: an id, a kind and an urgency (Art. 21(2)). A phone without signal or push service finds it here.
CREATE TABLE message (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id uuid NOT NULL,
    subject   uuid NOT NULL, -- what it is about: a task, of the kinds approval_* the request
    kind      text NOT NULL,
    priority  text NOT NULL,
    help      boolean NOT NULL, -- a call for help in danger; whatever else waits while the person is off duty
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    seq       bigint -- it was there when the event of this number was numbered; null: it waits for the next batch, or for a check-in
);
CREATE INDEX message_waiting_idx ON message (person_id) WHERE seq IS NULL;
CREATE INDEX message_person_idx ON message (person_id, seq);
CREATE INDEX message_seq_idx ON message (seq);

CREATE TRIGGER number_once BEFORE UPDATE ON message FOR EACH ROW
    WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL
        OR (OLD.id, OLD.person_id, OLD.subject, OLD.kind, OLD.priority, OLD.help, OLD.at) IS DISTINCT FROM
           (NEW.id, NEW.person_id, NEW.subject, NEW.kind, NEW.priority, NEW.help, NEW.at))
    EXECUTE FUNCTION refuse_change();

INSERT INTO event_person (person_id, seq)
    SELECT tp.person_id, e.seq FROM event e JOIN task_person tp ON tp.task_id = e.task_id
    WHERE e.seq IS NOT NULL AND (tp.left_at IS NULL OR tp.left_at >= e.at)
    UNION
    SELECT p.id, e.seq FROM event e JOIN person p ON p.id::text = e.body::jsonb ->> 'person'
    WHERE e.seq IS NOT NULL AND e.task_id IS NULL;

-- The open tasks that somebody is on or sent others on; task_person_open_idx has only the former.
CREATE INDEX task_person_mine_idx ON task_person (person_id, task_id) WHERE open AND left_at IS NULL;

ALTER TABLE event_person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE message ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON event_person USING (person_id = the_person() OR current_setting('dutybound.scope', true) = '*');
-- A message is written by whoever's command sends it, and read by the one it is for.
CREATE POLICY sight ON message USING (person_id = the_person() OR current_setting('dutybound.scope', true) = '*');
CREATE POLICY sending ON message FOR INSERT WITH CHECK (true);

-- Whom an event concerns sees it, also the one that sent them away.
CREATE POLICY told ON event FOR SELECT
    USING (EXISTS (SELECT FROM event_person ep WHERE ep.person_id = the_person() AND ep.seq = event.seq));

-- A ticket opens the feed of organs or that of its person.
ALTER TABLE feed_ticket ADD scope text NOT NULL DEFAULT 'organ' CHECK (scope IN ('organ', 'mine'));

GRANT SELECT, INSERT ON event_person, message TO dutybound_app;
GRANT UPDATE (seq), DELETE ON message TO dutybound_app;
