package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// phone enrols a key for somebody's device, which signs their requests from then on and records what they do without network.
func (o *office) phone(h *hand) *testkit.Phone {
	o.t.Helper()
	p := testkit.NewPhone(h.device)
	key, err := phone.ParseKey(p.PKCS8())
	o.must(err)
	*h = *h.enrol(key)
	return p
}

// brings uploads records and answers what became of each.
func (h *hand) brings(records ...string) []object {
	h.s.t.Helper()
	r := h.ask("POST", "/v1/outbox", object{"records": records}, nil).want(200)
	var results []object
	for _, one := range r.at("records").([]any) {
		results = append(results, one.(object))
	}
	return results
}

func outcomes(results []object) (words []string) {
	for _, r := range results {
		words = append(words, fmt.Sprint(r["outcome"]))
	}
	return words
}

func wantOutcomes(t testing.TB, results []object, want ...string) {
	t.Helper()
	if got := outcomes(results); !slices.Equal(got, want) {
		t.Fatalf("%v, want %v: %v", got, want, results)
	}
}

func stepPath(task, verb string) string { return "/v1/tasks/" + task + "/" + verb }

// dressedAt are the statements of an upload that was recorded.
func dressedAt(at time.Time) object {
	statements := dressed()
	for _, s := range statements {
		s["observed_at"] = at
	}
	return saying(statements...)
}

// recordWork records a patrol from the order to the report.
func recordWork(p *testkit.Phone, task string) []string {
	return []string{
		p.Records(stepPath(task, "accept"), nil), p.Records("/v1/observations", dressedAt(p.Next.Wall)),
		p.Records(stepPath(task, "start"), saying()), p.Records(stepPath(task, "finish"), object{"report": "无异常"}),
	}
}

// What a phone recorded without network is done as if it had been sent, in the order in which it was made, once.
func TestWorkRecordedOfflineIsDone(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	p.Next.Server = &testkit.SeenAt{At: time.Now().Add(-time.Hour), SinceBoot: p.Next.SinceBoot}
	p.Next.SinceBoot += 600_000
	task := u.dispatcher.sends(order("patrol", u.member))
	records := recordWork(p, task)
	slices.Reverse(records)
	results := u.member.brings(records...)
	wantOutcomes(t, results, "applied", "applied", "applied", "applied")
	if results[0]["task"] != task || results[1]["ruling_outcome"] != "permitted" && results[1]["ruling_outcome"] != "conditional" || results[0]["status"] != 200.0 {
		t.Errorf("%v", results)
	}
	before := u.events()
	wantOutcomes(t, u.member.brings(records...), "duplicate", "duplicate", "duplicate", "duplicate")
	if u.events() != before {
		t.Error("brought again it happened again")
	}
	history := u.dispatcher.history(task)
	if state := history.text("task", "state"); state != "finished" {
		t.Errorf("the task is %s", state)
	}
	for _, e := range history.at("events").([]any) {
		if body := e.(object)["body"].(object); e.(object)["kind"] != "task.dispatched" && body["happened"] == nil {
			t.Errorf("%v does not say when it happened", e)
		}
	}
	n := o.count(`SELECT count(*) FROM command c JOIN outbox_record r ON r.device_id = c.device_id AND r.command_id = c.id
		WHERE c.device_id = $1 AND c.happened_from = r.earliest AND c.happened_to = r.latest
			AND r.latest - r.earliest < interval '2 minutes' AND r.earliest < now() - interval '45 minutes'`, u.member.device)
	if n != 4 {
		t.Errorf("%d commands know when they happened", n)
	}
	o.sound()
}

// A record that was sent as well counts once, whichever way it came first.
func TestARecordThatWasSentCountsOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	key := newKey()
	s := p.Next
	s.ID, s.Path = key, stepPath(task, "accept")
	live := u.member.command(s.Path, key, nil).want(200)
	before := u.events()
	results := u.member.brings(p.Signs(s))
	wantOutcomes(t, results, "applied")
	p.Next.N, p.Next.Prev = 2, testkit.Hash(p.Signs(s))
	if u.events() != before {
		t.Error("it happened twice")
	}
	if again := u.member.command(s.Path, key, nil); again.said() != live.said() {
		t.Errorf("%s, and then %s", live.said(), again.said())
	}
}

// Each record is judged by itself, and the good ones are kept whatever the others are.
func TestEachRecordIsJudgedByItself(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p, other, second := o.phone(u.member), o.phone(u.colleague), o.another(u.member)
	mine := o.phone(second)
	stranger := testkit.NewPhone(u.member.device)
	task := u.dispatcher.sends(order("patrol", u.member))
	accept := p.Records(stepPath(task, "accept"), nil)
	unfit := p.Records(stepPath(task, "decline"), object{"reason": 7})
	broken := p.Records("/v1/observations", rawJSON(`{"statements":[],"statements":[]}`))
	dispatch := p.Records("/v1/tasks", order("patrol", u.colleague))
	nothing := p.Records("/v1/nothing/at/all", nil)
	nested := p.Records("/v1/outbox", object{"records": []string{accept}})
	foreign := p.Records(stepPath(uuid.NewString(), "accept"), nil)
	parts := strings.Split(accept, ".")
	bent := parts[0] + "." + parts[1] + "." + strings.Split(unfit, ".")[2]
	results := u.member.brings(accept, "nonsense", unfit, broken, dispatch, nothing, nested, foreign, bent,
		other.Records(stepPath(task, "accept"), nil), mine.Records(stepPath(task, "accept"), nil), stranger.Records(stepPath(task, "accept"), nil))
	wantOutcomes(t, results, "applied", "malformed", "refused", "refused", "refused", "refused", "refused", "refused", "malformed",
		"not_yours", "not_yours", "refused")
	for i, want := range []struct {
		code   string
		status any
		field  string
	}{
		0: {"", 200.0, ""}, 1: {"malformed_record", nil, "record"}, 2: {"invalid_request", 400.0, "body/reason"},
		3: {"malformed_json", 400.0, "body/statements"}, 4: {"not_offline", 403.0, ""}, 5: {"no_such_route", 404.0, ""},
		6: {"not_offline", 403.0, ""}, 7: {"not_found", 404.0, ""}, 8: {"bad_signature", nil, ""}, 9: {"not_yours", nil, ""},
		10: {"not_yours", nil, ""}, 11: {"unknown_key", nil, ""},
	} {
		r := results[i]
		if code, _ := r["code"].(string); code != want.code || r["status"] != want.status {
			t.Errorf("%d: %v, want %+v", i, r, want)
		}
		if want.field != "" && r["errors"].([]any)[0].(object)["field"] != want.field {
			t.Errorf("%d: %v, want %s", i, r, want.field)
		}
	}
	if n := o.count(`SELECT count(*) FROM outbox_record`); n != 7 {
		t.Errorf("%d records are kept", n)
	}
	if n := o.count(`SELECT not_yours * 10 + malformed FROM outbox_device WHERE device_id = $1`, u.member.device); n != 23 {
		t.Errorf("counted %d", n)
	}
	english := u.member.ask("POST", "/v1/outbox", object{"records": []string{"x"}}, map[string][]string{"Accept-Language": {"en"}}).want(200)
	if english.text("records", 0, "title") != "the record is not well-formed" {
		t.Errorf("%s", english.raw)
	}
	for _, body := range []any{object{"records": []string{}}, object{"records": make([]string, 501)}, object{}} {
		u.member.ask("POST", "/v1/outbox", body, nil).want(400)
	}
	large := make([]string, 70)
	for i := range large {
		large[i] = strings.Repeat("x", 55<<10)
	}
	for _, r := range u.member.brings(large...) {
		if r["outcome"] != "malformed" {
			t.Errorf("%v", r)
		}
	}
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// findings are those that an officer finds.
func (h *hand) findings(state string) (all []object) {
	h.s.t.Helper()
	for _, f := range h.get("/v1/outbox/findings?limit=200&state=" + state).want(200).at("findings").([]any) {
		all = append(all, f.(object))
	}
	return all
}

func of(findings []object, device uuid.UUID) (kinds []string) {
	for _, f := range findings {
		if f["device"] == device.String() {
			kinds = append(kinds, fmt.Sprintf("%v %v-%v", f["kind"], f["first"], f["last"]))
		}
	}
	slices.Sort(kinds)
	return kinds
}

// What is missing is waited for, not for ever; then the others go on without it, and when it comes it is done all the same.
func TestAGapIsWaitedForAndThenPassed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	records := make([]string, 6)
	for i := range records {
		records[i] = p.Records("/v1/observations", dressedAt(time.Now().Add(-time.Hour)))
	}
	wantOutcomes(t, u.member.brings(records[0], records[3], records[5]), "applied", "waiting", "waiting")
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, []string{"gap 2-3", "gap 5-5"}) {
		t.Errorf("open: %v", got)
	}
	wantOutcomes(t, u.member.brings(records[1]), "applied")
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, []string{"gap 3-3", "gap 5-5"}) {
		t.Errorf("open: %v", got)
	}
	for _, first := range []int{3, 5} {
		o.moves(`UPDATE outbox_finding SET opened_at = opened_at - interval '10 minutes' WHERE device_id = $1 AND kind = 'gap' AND first_n = $2`, p.Device, first)
	}
	o.moves(`UPDATE outbox_device SET due_at = due_at - interval '10 minutes' WHERE device_id = $1`, p.Device)
	testkit.Wait(t, "the gaps to be passed", func() bool {
		return o.count(`SELECT count(*) FROM outbox_record WHERE state = 'applied'`) == 4
	})
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, []string{"gap 3-3", "gap 5-5"}) {
		t.Errorf("open still: %v", got)
	}
	testkit.Wait(t, "both to be told", func() bool { return o.count(`SELECT count(*) FROM event WHERE kind = 'outbox.finding'`) == 2 })
	wantOutcomes(t, u.member.brings(records[2]), "applied")
	found := u.dispatcher.findings("open")
	if got := of(found, p.Device); !slices.Equal(got, []string{"gap 5-5"}) {
		t.Errorf("open at last: %v", got)
	}
	path := "/v1/outbox/findings/" + fmt.Sprint(found[0]["id"]) + "/close"
	u.member.post(path, because("x")).want(403)
	closed := u.dispatcher.post(path, because("手机已损坏")).want(200)
	if closed.text("closed_by") != u.dispatcher.person.String() || closed.text("state") != "closed" {
		t.Errorf("%s", closed.raw)
	}
	u.dispatcher.post(path, because("再次")).want(409)
	wantOutcomes(t, u.member.brings(records[4]), "applied")
	if n := o.count(`SELECT count(*) FROM outbox_finding WHERE kind = 'gap' AND reason = 'filled'`); n != 1 {
		t.Errorf("%d were filled", n)
	}
	if n := o.count(`SELECT count(*) FROM outbox_record WHERE state = 'applied'`); n != 6 {
		t.Errorf("%d are applied", n)
	}
}

// A fork, a counter turned back and a chain that breaks are found, told once, and lose nothing.
func TestForksAreFoundAndLoseNothing(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	observed := func() string { return p.Records("/v1/observations", dressedAt(time.Now())) }
	first := observed()
	backup := p.Next
	second, third := observed(), observed()
	wantOutcomes(t, u.member.brings(first, second, third), "applied", "applied", "applied")
	after := p.Next
	p.Next = backup
	p.Next.SinceBoot = after.SinceBoot + 1000
	twin := observed()
	wantOutcomes(t, u.member.brings(twin), "forked")
	wantOutcomes(t, u.member.brings(twin, second), "duplicate", "duplicate")
	p.Next = after
	p.Next.Prev = testkit.Hash("something else")
	wantOutcomes(t, u.member.brings(observed()), "applied")
	want := []string{"broken 4-4", "fork 2-2", "rolled_back 2-2"}
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, want) {
		t.Errorf("open: %v", got)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'outbox.finding'`); n != 3 {
		t.Errorf("%d were told", n)
	}
	if n := o.count(`SELECT count(*) FROM outbox_record`); n != 5 {
		t.Errorf("%d are kept", n)
	}
	// The same payload can be signed in as many ways as one likes: that is no fork, and what follows the one follows the other.
	s := p.Next
	s.ID, s.Path, s.Body = newKey(), "/v1/observations", dressedAt(time.Now())
	signed, again := p.Signs(s), p.Signs(s)
	p.Next.N, p.Next.Prev = s.N+1, testkit.Hash(signed)
	wantOutcomes(t, u.member.brings(again, signed, observed()), "applied", "duplicate", "applied")
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, want) {
		t.Errorf("open: %v", got)
	}
	abroad := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	if got := abroad.findings("open"); len(got) != 0 {
		t.Errorf("the sister station finds %v", got)
	}
}

// A clock that is wrong is told, once for the time since the phone was switched on; nothing is dropped for it.
func TestAWrongClockIsTold(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	p.Next.Wall = time.Now().Add(48 * time.Hour)
	one, two := p.Records("/v1/observations", dressedAt(time.Now())), p.Records("/v1/observations", dressedAt(time.Now()))
	wantOutcomes(t, u.member.brings(one, two), "applied", "applied")
	found := u.dispatcher.findings("open")
	if got := of(found, p.Device); !slices.Equal(got, []string{"skew 1-1"}) {
		t.Fatalf("open: %v", got)
	}
	if s := found[0]["seconds"].(float64); s < 47*3600 || s > 48*3600 {
		t.Errorf("%v seconds", s)
	}
}

// Work that began without network and without a lawful ruling is on the record, and dispatcher and lead hear of it; heard again it
// counts once.
func TestAnUnlawfulStartIsOnTheRecord(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(led(order("patrol", u.member), u.lead))
	accept := p.Records(stepPath(task, "accept"), nil)
	start := p.Records(stepPath(task, "start"), saying(said("uniform", "no"), said("id_card", "no")))
	results := u.member.brings(start, accept, start)
	wantOutcomes(t, results, "refused", "applied", "duplicate")
	if results[0]["status"] != 422.0 || results[0]["code"] != "refused_by_law" || results[0]["ruling_outcome"] != "unmet" {
		t.Errorf("%v", results[0])
	}
	u.member.brings(start)
	body := unlawfulStarts(u, task)
	if len(body) != 1 || body[0]["person"] != u.member.person.String() || body[0]["refusal"] != results[0]["ruling"] || body[0]["happened"] == nil {
		t.Fatalf("%v", body)
	}
	for _, who := range []*hand{u.dispatcher, u.lead} {
		n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = 'started_offline_unlawfully' AND args ->> 'person' = $1`, who.person.String())
		if n != 1 {
			t.Errorf("%d pushes to %s", n, who.person)
		}
	}
	o.sound()
}

// A start of work that was called off meanwhile is one, too; a start of work that a colleague has begun lawfully is none.
func TestAStartThatCameTooLate(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	off := u.dispatcher.sends(order("patrol", u.member))
	begun := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	ready(off, u.member)
	ready(begun, u.member, u.colleague)
	records := []string{p.Records(stepPath(off, "start"), saying()), p.Records(stepPath(begun, "start"), saying())}
	u.dispatcher.step(off, "cancel", because("警情解除")).want(200)
	u.colleague.step(begun, "start", saying()).want(200)
	wantOutcomes(t, u.member.brings(records...), "refused", "refused")
	if n := len(unlawfulStarts(u, off)); n != 1 {
		t.Errorf("%d unlawful starts of what was called off", n)
	}
	if n := len(unlawfulStarts(u, begun)); n != 0 {
		t.Errorf("%d unlawful starts of what others had begun", n)
	}
}

func unlawfulStarts(u *unit, task string) (bodies []object) {
	u.t.Helper()
	for _, e := range u.dispatcher.history(task).at("events").([]any) {
		if e.(object)["kind"] == "task.started_offline_unlawfully" {
			bodies = append(bodies, e.(object)["body"].(object))
		}
	}
	return bodies
}
