package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
)

func offered(r reply) (people []string) {
	for _, c := range r.at("officers").([]any) {
		people = append(people, c.(object)["person"].(string))
	}
	return people
}

// A patrol meets somebody to stop and question: with a lead who is there it becomes that at once, without one it is refused, and
// officers who could come are named.
func TestAPatrolBecomesStopAndQuestion(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	watch := u.officer().onDuty()
	task := u.dispatcher.begun(u.member, u.colleague)
	before := u.standing(task)
	stop := object{"add": []string{"stop-and-question"}}
	refused := u.member.step(task, "acts", stop).want(422)
	if !refused.cites("cq-2021 16(2)") || !slices.Contains(offered(refused), watch.person.String()) {
		t.Errorf("%s", refused.raw)
	}
	if after := u.standing(task); after != before {
		t.Errorf("the task has changed:\n%s\n%s", before, after)
	}
	u.ends(task, "task.refused")
	led := u.dispatcher.sends(led(order("patrol", u.spare), u.lead))
	ready(led, u.spare)
	u.lead.arrives(led, u.spare)
	u.spare.step(led, "start", saying()).want(200)
	stood := u.taskOf(led)
	changed := u.spare.step(led, "acts", stop).want(200)
	if changed.text("ruling", "outcome") != "permitted" || changed.at("task", "epoch") == stood["epoch"] || changed.text("task", "acts", 1) != "stop-and-question" {
		t.Errorf("%s", changed.raw)
	}
	u.lead.step(led, "acts", object{"remove": []string{"patrol"}}).want(200)
	u.sound()
}

// What is met on the scene cannot be refused away: it is kept, and a violation when the law says so; the acts of the same tap are
// refused by themselves.
func TestWhatIsMetIsKept(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	watch := u.officer().onDuty()
	work := order("minor-accident-guidance", u.member, u.colleague)
	task := u.dispatcher.sends(work)
	ready(task, u.member, u.colleague)
	starting(u, task).want(200)
	met := u.colleague.step(task, "acts", object{"add_tags": []string{"injury"}}).want(200)
	if met.at("task", "violation") != true || met.text("task", "met", "tags", 0) != "injury" || !slices.Contains(offered(met), watch.person.String()) ||
		u.pushes("acts_changed", watch) != 1 {
		t.Errorf("%s", met.raw)
	}
	u.ends(task, "task.met", "task.violation")
	both := u.dispatcher.step(task, "acts", object{"add": []string{"accident-liability-determination"}, "add_tags": []string{"alcohol"}}).want(422)
	if both.text("ruling", "outcome") != "prohibited" {
		t.Errorf("%s", both.raw)
	}
	now := u.taskOf(task)
	if tags := now["met"].(object)["tags"].([]any); len(tags) != 2 || len(now["acts"].([]any)) != 1 {
		t.Errorf("kept: %v", now)
	}
	if no := u.colleague.step(task, "acts", object{"remove_tags": []string{"injury"}}).want(403); no.text("code") != "only_adding" {
		t.Errorf("%s", no.raw)
	}
	u.dispatcher.step(task, "acts", object{"remove_tags": []string{"injury", "alcohol"}}).want(200)
	u.ends(task, "task.met", "task.lawful_again")
	u.sound()
}

// Who may change what, and what makes no sense is pointed at.
func TestWhoChangesTheWork(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	work := order("patrol", u.member, u.colleague)
	work["acts"] = []string{"patrol", "standing-guard"}
	work["members"].([]object)[0]["acts"] = []string{"standing-guard"}
	task := u.dispatcher.sends(work)
	u.colleague.step(task, "acts", object{"add": []string{"scene-order"}}).want(409) // has not accepted
	for field, body := range map[string]object{
		"body":             {},
		"body/add/0":       {"add": []string{"juggling"}},
		"body/remove/0":    {"remove": []string{"rescue"}},
		"body/remove":      {"remove": []string{"standing-guard"}},
		"body/remove_tags": {"add_tags": []string{"alcohol"}, "remove_tags": []string{"alcohol"}},
		"body/add_tags/0":  {"add_tags": []string{"sunny"}},
		"body/case_kind":   {"case_kind": "civil"},
	} {
		if no := u.dispatcher.step(task, "acts", body).want(400); no.text("errors", 0, "field") != field {
			t.Errorf("%s: %s", field, no.raw)
		}
	}
	u.dispatcher.step(task, "acts", object{"add": []string{"scene-order"}, "case_kind": "administrative"}).want(200)
	abroad := u.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	abroad.step(task, "acts", object{"add_tags": []string{"alcohol"}}).want(404)
	if now := u.taskOf(task); len(now["acts"].([]any)) != 3 || now["met"].(object)["case_kind"] != "administrative" {
		t.Errorf("%v", now)
	}
	u.sound()
}

// closeBy finds officers by where they are, or does not.
type closeBy struct {
	found []dispatch.Called
	err   error
}

func (c closeBy) Nearby(context.Context, duty.Actor, uuid.UUID, duty.Place) ([]dispatch.Called, error) {
	return c.found, c.err
}

// Whoever is near is offered, as it is stored with the command; where nobody can be found by position, who is on duty at the organ.
func TestWhoIsNearIsOffered(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	watch := u.officer().onDuty()
	task := uuid.MustParse(u.dispatcher.begun(u.member))
	session, err := identity.New(u.store, noLimits{}, time.Hour).Session(t.Context(), u.member.token)
	u.must(err)
	metres := 120
	for name, c := range map[string]struct {
		closeBy
		want uuid.UUID
	}{
		"one is near":   {closeBy{found: []dispatch.Called{{Person: u.lead.person, Metres: &metres}}}, u.lead.person},
		"nobody is":     {closeBy{}, watch.person},
		"no map at all": {closeBy{err: errors.New("no map")}, watch.person},
	} {
		service := dispatch.New(u.store, func(l duty.Law) (dispatch.Book, error) {
			return law.Embedded().Book(law.DefaultRulebook, l.Settings)
		}, dispatch.DefaultFreshness, time.Hour)
		service.SetNearby(c.closeBy)
		cmd := duty.Command{ID: newKey()}
		for range 2 { // carried out, and again
			answer, err := service.ChangeActs(t.Context(), session.Actor, cmd, task, dispatch.ChangeActs{AddTags: law.TagAlcohol})
			u.must(err)
			if got := answer.Beside.Called; len(got) != 1 || got[0].Person != c.want {
				t.Errorf("%s: %+v", name, got)
			}
			service.SetNearby(closeBy{}) // a retry is answered from what was stored
		}
	}
	u.sound()
}
