package app_test

import (
	"io"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/testkit"
)

// Off duty means off: messages about work wait for the next check-in, and those about work that is over by then are dropped. Somebody
// who has never checked in belongs to an organ that keeps no shifts here, and is told at once.
func TestNoMessageReachesAnybodyOffDuty(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.stop() // or it might take the pushes
	var say transcript
	s := o.again(&say, io.Discard)
	u := newUnit(o)
	dispatcher := u.dispatcher.at(s)
	for who, token := range map[*hand]string{u.member: "member", u.spare: "spare"} {
		who.at(s).ask("PUT", "/v1/me/push-token", object{"token": "phone-of-" + token}, nil).want(204)
	}
	told := func(task, kind string) int {
		n := 0
		for line := range strings.Lines(say.String()) {
			if strings.Contains(line, task) && strings.Contains(line, "kind="+kind) {
				n++
			}
		}
		return n
	}
	worked := func() {
		testkit.Wait(t, "every job to be done", func() bool {
			return o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND state <> 'completed'`) == 0
		})
	}
	send := func() string { return dispatcher.sends(order("patrol", u.member)) }

	never := send()
	testkit.Wait(t, "the message to whoever keeps no shifts", func() bool { return told(never, "dispatched") == 1 })
	u.member.at(s).checksIn(dressedFor("yes"))
	on := send()
	testkit.Wait(t, "the message on duty", func() bool { return told(on, "dispatched") == 1 })
	u.member.at(s).checksOut()

	waits, over, moved := send(), send(), send()
	dispatcher.step(over, "cancel", because("误报")).want(200)
	dispatcher.step(moved, "reassign", object{"add": members(u.spare), "remove": []any{u.member.person}}).want(200)
	dispatcher.step(on, "reassign", object{"add": members(u.spare), "remove": []any{u.member.person}}).want(200)
	worked()
	for _, task := range []string{waits, over} {
		if strings.Contains(say.String(), task) {
			t.Errorf("a message went to somebody off duty: %s", say.String())
		}
	}
	if told(on, "removed") != 0 || told(moved, "dispatched") != 1 { // the spare has never checked in
		t.Errorf("%s", say.String())
	}
	if n := o.count(`SELECT count(*) FROM held_push WHERE person_id = $1`, u.member.person); n != 6 {
		t.Errorf("%d messages wait", n)
	}
	u.member.at(s).checksIn(dressedFor("yes"))
	testkit.Wait(t, "what is still to be done to be told", func() bool { return told(waits, "dispatched") == 1 && told(on, "removed") == 1 })
	worked()
	if strings.Contains(say.String(), over) || o.count(`SELECT count(*) FROM held_push`) != 0 {
		t.Errorf("what is over was told: %s", say.String())
	}
}
