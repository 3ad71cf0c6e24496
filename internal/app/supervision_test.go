package app_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

func (u *unit) recordOf(reader, who *hand) reply {
	u.t.Helper()
	testkit.Wait(u.t, "every event to be numbered", func() bool { return u.count(`SELECT count(*) FROM event WHERE seq IS NULL`) == 0 })
	span := url.Values{"from": {time.Now().Add(-time.Hour).Format(time.RFC3339)}, "to": {time.Now().Add(time.Hour).Format(time.RFC3339)}}
	return reader.get("/v1/people/" + who.person.String() + "/supervision?" + span.Encode())
}

// A supervisor's record is what the events say they did with their powers (Art. 42), for those who watch over them and nobody else.
func TestASupervisorsOwnRecord(t *testing.T) {
	t.Parallel()
	u := listed(t)
	head := u.head(riverside)
	u.dispatcher.post("/v1/tasks", order("stop-and-question", u.member)).want(422)
	u.dispatcher.post("/v1/tasks", order("stop-and-question", u.member)).want(422)
	task := u.dispatcher.onDuty().begun(u.member, u.colleague)
	id := u.member.asksStrap(task)
	u.dispatcher.restrains(task, id, "command", ordering("command", false)).want(422)
	u.dispatcher.restrains(task, id, "command", ordering("command", true)).want(200)
	recusal := u.colleague.recuses(task, "party").want(201).text("recusal", "id")
	head.decides(task, recusal, "granted").want(200)

	for _, officer := range []*hand{u.dispatcher, u.lead} { // the house's own event, as it tells that a lead was lost
		u.change(`INSERT INTO event (id, kind, path, version, actor, at, body) VALUES (gen_random_uuid(), 'lead.lost', $1, 0, $2, now(), $3)`,
			u.path(riverside), uuid.Nil, fmt.Sprintf(`{"officer":%q,"from":"doubtful"}`, officer.person))
	}

	mine := u.recordOf(head, u.dispatcher).want(200)
	for what, want := range map[string]string{
		"dispatches_refused": "2", "commands_refused": "1", "restraint_commands": "1", "decisions": "0", "leads_left": "1",
	} {
		if got := mine.text("counts", what); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	if n := len(mine.at("events").([]any)); n != 5 {
		t.Errorf("%d events", n)
	}
	auditor := u.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleAuditor})
	if theirs := u.recordOf(auditor, head).want(200); theirs.text("counts", "decisions") != "1" {
		t.Errorf("%s", theirs.raw)
	}
	u.recordOf(u.dispatcher, u.dispatcher).want(403)
	u.recordOf(u.head(hillside), u.dispatcher).want(404)
	for field, query := range map[string]string{
		"query/from": "to=2026-01-01T00:00:00Z", "query/to": "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
	} {
		r := head.get("/v1/people/" + u.dispatcher.person.String() + "/supervision?" + query).want(400)
		if r.text("errors", 0, "field") != field {
			t.Errorf("%s: %s", field, r.raw)
		}
	}
	u.sound()
}
