package app_test

import (
	"io"
	"slices"
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

// Whatever is no call for help waits for the check-in, on every way to the phone, and comes once.
func TestNothingButACallForHelpReachesAnybodyOffDuty(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.member.checksIn(dressedFor("yes"))
	u.member.checksOut()
	task := u.dispatcher.sends(order("patrol", u.member))
	over := u.dispatcher.sends(order("patrol", u.member))
	u.dispatcher.step(over, "cancel", because("误报")).want(200)
	u.dispatcher.step(task, "acts", object{"add_tags": []string{"alcohol"}}).want(200)
	testkit.Wait(t, "the pushes to be held", func() bool {
		return o.count(`SELECT count(*) FROM held_push WHERE person_id = $1 AND task_id = $2`, u.member.person, task) == 2
	})
	// What waits is weighed once: a batch that brings nothing of the person reads none of it, however much waits for however many people.
	waiting := func() string {
		return o.text(`SELECT coalesce(string_agg(id::text || xmin, ' ' ORDER BY id), '') FROM message WHERE person_id = $1 AND withheld AND seq IS NULL`, u.member.person)
	}
	testkit.Wait(t, "four messages to be withheld", func() bool { return strings.Count(waiting(), " ") == 3 })
	before := waiting()
	numbered := u.dispatcher.sends(order("patrol", u.spare))
	testkit.Wait(t, "another batch", func() bool { return o.count(`SELECT count(seq) FROM event WHERE task_id = $1`, numbered) == 1 })
	if after := waiting(); after != before {
		t.Errorf("what waits is written again: %s, before %s", after, before)
	}
	kinds := func() (found []string) {
		for _, m := range u.member.get("/v1/sync").want(200).at("messages").([]any) {
			found = append(found, m.(object)["kind"].(string))
		}
		return found
	}
	if got := kinds(); len(got) != 0 {
		t.Errorf("off duty: %v", got)
	}
	u.member.checksIn(dressedFor("yes"))
	testkit.Wait(t, "the messages to be told", func() bool { return len(kinds()) == 2 })
	if got := kinds(); !slices.Equal(got, []string{"dispatched", "acts_changed"}) {
		t.Errorf("on duty again: %v", got)
	}
}
