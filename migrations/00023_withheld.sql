-- What waits for a check-in is set aside, so that no batch reads all of it; and the quarantine has pages.

-- +goose Up

-- Until the check-in: batches that bring nothing of the person leave the message alone. It says nothing of what has a number: a server of
-- the version before, while there is one, numbers what another has withheld.
ALTER TABLE message ADD withheld boolean NOT NULL DEFAULT false;
CREATE INDEX message_fresh_idx ON message (person_id) WHERE seq IS NULL AND NOT withheld;

DROP TRIGGER number_once ON message;
CREATE TRIGGER number_once BEFORE UPDATE ON message FOR EACH ROW
    WHEN (OLD.seq IS NOT NULL
        OR (OLD.id, OLD.person_id, OLD.subject, OLD.kind, OLD.priority, OLD.help, OLD.at) IS DISTINCT FROM
           (NEW.id, NEW.person_id, NEW.subject, NEW.kind, NEW.priority, NEW.help, NEW.at))
    EXECUTE FUNCTION refuse_change();

GRANT UPDATE (withheld) ON message TO dutybound_app;

-- A page begins after a record, whatever was decided on it meanwhile.
CREATE INDEX outbox_record_decided_idx ON outbox_record (hash) WHERE state = 'quarantined' OR decided_at IS NOT NULL;
