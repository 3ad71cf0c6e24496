package dispatch

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

type (
	// AcceptLead is the named officer's yes to leading.
	AcceptLead struct{ onTask }
	// ShowCode says that this phone shows a code; whoever enters it on the other side was near enough to read it.
	ShowCode struct {
		onTask
		Code string
	}
	// EnterCode confirms that the lead and one of those led are together: one showed the code, the other enters it.
	EnterCode struct {
		onTask
		Code string
	}
	// TakeLead puts the acting officer in the place of whoever leads: they are at the scene and say so. Code is one that somebody of
	// the unit shows; empty: something else shows the officer there.
	TakeLead struct {
		handingOver
		Officer uuid.UUID // who acts
		Code    string
	}
)

func (AcceptLead) action() Action { return DoLead }
func (ShowCode) action() Action   { return DoLead }
func (EnterCode) action() Action  { return DoLead }
func (TakeLead) action() Action   { return DoNameLead }

func (s TakeLead) people() []uuid.UUID { return []uuid.UUID{s.Officer} }

const (
	// codeLife is how long a code on a phone can be entered on the other.
	codeLife = 2 * time.Minute
	// codeTries is how many wrong ones use it up: nobody finds eight digits by trying.
	codeTries = 5
)

// Code is a code that one phone shows.
type Code struct {
	By     uuid.UUID `json:"by"`
	Hash   []byte    `json:"hash"`
	Until  time.Time `json:"until"`
	Missed int       `json:"missed,omitempty"` // how often a wrong one was entered
}

// Fallback is what somebody may go on with while nobody leads: work of Art. 15 that holds the scene, keeps order or rescues.
type Fallback struct {
	Person uuid.UUID `json:"person"`
	Acts   []string  `json:"acts"`
}

// leads asks that the actor is the lead.
func (d *deciding) leads() error {
	if lead := d.task.Lead(); lead == nil || lead.Person != d.actor.Person {
		return fault.New(fault.Conflict, "not_the_lead", "您不是该任务的带领民警", "only the officer who is named to lead can do this")
	}
	return nil
}

func (s AcceptLead) apply(d *deciding) error {
	if err := d.leads(); err != nil {
		return err
	}
	if d.task.Accompaniment.AcceptedAt != nil {
		return fault.New(fault.Conflict, "lead_accepted", "您已接受带领", "you have accepted the lead already")
	}
	d.edit().Accept(d.Now)
	return d.event("lead.accepted", map[string]any{"officer": d.actor.Person})
}

func (s ShowCode) check() error {
	if len(s.Code) < 8 || len(s.Code) > 12 {
		return fault.BadField("body/code", "must be 8 to 12 digits")
	}
	return nil
}

func (s ShowCode) apply(d *deciding) error {
	if d.leads() != nil && d.task.Member(d.actor.Person) == nil {
		return fault.New(fault.Conflict, "not_of_the_unit", "只有带领民警和队员可以出示确认码", "only the lead and those led show a code")
	}
	d.task.Code = &Code{By: d.actor.Person, Hash: hashed(d.task.ID, s.Code), Until: d.Now.Add(codeLife)}
	return d.event("lead.code_shown", nil)
}

func hashed(task uuid.UUID, code string) []byte {
	sum := sha256.Sum256([]byte(task.String() + " " + code))
	return sum[:]
}

func (s EnterCode) apply(d *deciding) error {
	by, err := d.enter(s.Code)
	if err != nil || d.out.WrongCode {
		return err
	}
	lead := d.task.Lead()
	switch {
	case lead != nil && lead.Person == d.actor.Person && d.task.Member(by) != nil:
		return d.together(by)
	case lead != nil && lead.Person == by && d.task.Member(d.actor.Person) != nil:
		return d.together(d.actor.Person)
	}
	return fault.New(fault.Conflict, "not_the_other_side", "确认码须由带领民警与队员相互确认", "a code goes between the lead and one of those led")
}

var errCode = fault.New(fault.Conflict, "wrong_code", "确认码不正确或已过期", "the code is wrong or too old")

// enter uses the code that is shown up, and tells who showed it. A wrong one undoes the command, and stays on the record.
func (d *deciding) enter(code string) (by uuid.UUID, err error) {
	shown := d.task.Code
	switch {
	case shown == nil || d.Now.After(shown.Until):
		return uuid.Nil, errCode
	case subtle.ConstantTimeCompare(shown.Hash, hashed(d.task.ID, code)) == 0:
		return uuid.Nil, d.missed(*shown)
	}
	d.task.Code = nil
	return shown.By, nil
}

func (d *deciding) missed(shown Code) error {
	d.task, d.out.WrongCode = d.before.clone(), true
	shown.Missed++
	if d.task.Code = &shown; shown.Missed >= codeTries {
		d.task.Code = nil
	}
	return d.event("lead.code_missed", map[string]any{"person": d.actor.Person, "missed": shown.Missed})
}

// together keeps that the lead and one of those led have confirmed each other. Work that goes on is weighed again.
func (d *deciding) together(member uuid.UUID) error {
	d.edit().Confirm(member, d.Now)
	if err := d.event("lead.confirmed", map[string]any{"officer": d.task.Accompaniment.Officer, "person": member}); err != nil {
		return err
	}
	return d.rerule()
}

// apply: who takes the lead at the scene is on duty and is there; what shows it is the code, or what else is seen of them.
func (s TakeLead) apply(d *deciding) error {
	if lead := d.task.Lead(); lead != nil && lead.Person == d.actor.Person {
		return fault.New(fault.Conflict, "lead_already", "您已是该任务的带领民警", "you lead the task already")
	}
	with := uuid.Nil
	if s.Code != "" {
		by, err := d.enter(s.Code)
		if err != nil || d.out.WrongCode {
			return err
		}
		if d.task.Member(by) == nil {
			return errCode
		}
		with = by
	}
	if err := d.place(OfficerOrder{Person: d.actor.Person, Lead: true, OnDuty: law.Yes}); err != nil {
		return err
	}
	lead := d.edit()
	lead.Accept(d.Now)
	if with != uuid.Nil {
		lead.Confirm(with, d.Now)
	}
	d.note([]duty.Observation{{
		ID: d.newID(), Subject: d.actor.Person, Task: &d.task.ID, Fact: factPresence, Value: law.PresencePresent.String(),
		By: d.actor.Person, Device: d.actor.Device, Source: "phone", ObservedAt: d.given(),
	}})
	return d.settleLead(d.actor.Person)
}

// place names the lead in place of whoever led.
func (d *deciding) place(o OfficerOrder) error {
	for i := range d.task.Officers {
		d.task.Officers[i].Lead = false
	}
	o.Lead = true
	return d.addOfficer("body/officer", o)
}

// settleLead asks the law about the unit under its new lead, and tells.
func (d *deciding) settleLead(officer uuid.UUID) error {
	lawful, err := d.relead()
	if err != nil {
		return err
	}
	if !lawful {
		return d.refuse()
	}
	if officer != d.actor.Person {
		d.push("lead_named", officer)
	}
	if err := d.event("task.lead_named", map[string]any{"officer": officer}); err != nil {
		return err
	}
	return d.heed(true)
}

// edit gives the record of the lead that this command may change.
func (d *deciding) edit() *accompany.Lead {
	d.follow()
	c := *d.task.Accompaniment
	d.task.Accompaniment = &c
	return &c
}

// follow keeps the record of the lead with whoever is named: another officer's is closed and kept.
func (d *deciding) follow() {
	named, is := d.task.Lead(), d.task.Accompaniment
	if is != nil && (named == nil || named.Person != is.Officer) {
		over := *is
		over.End(accompany.HandedOver, d.Now)
		d.task.LedBefore = append(d.task.LedBefore[:len(d.task.LedBefore):len(d.task.LedBefore)], over)
		d.task.Accompaniment = nil
	}
	if named != nil && d.task.Accompaniment == nil {
		// What was seen is another's; but whoever leads again is as far from the unit as he was known to be.
		d.task.Accompaniment, d.Good = accompany.New(named.Person, d.Now), time.Time{}
		for _, before := range d.task.LedBefore {
			if before.Officer == named.Person {
				d.task.Accompaniment.Apart = before.Apart
			}
		}
	}
}

// look is the lead as it is now, with what happened to it since it was last looked at. Nil: nobody leads.
func (d *deciding) look() (*accompany.Lead, []accompany.Change) {
	d.follow()
	lead := d.task.Accompaniment
	if lead == nil {
		return nil, nil
	}
	if d.Good.After(lead.Good) {
		seen := *lead
		seen.Good, lead = d.Good, &seen
	}
	return lead.Look(d.sceneOf(lead.Officer))
}

// sceneOf is what can be seen of an officer's lead.
func (d *deciding) sceneOf(officer uuid.UUID) accompany.Scene {
	s := accompany.Scene{
		Now: d.Now, Limits: LimitsOf(d.Law, d.task.Acts), Working: d.task.State == Started, MustBeLed: d.book.Led(d.task.Acts),
		Officer: d.sighted(officer, officer),
	}
	led := d.task.called()
	if d.task.StartedAt != nil {
		led = d.task.working()
	}
	for _, m := range led {
		s.Led = append(s.Led, d.sighted(m.Person, officer))
	}
	return s
}

func (d *deciding) sighted(person, officer uuid.UUID) accompany.Person {
	p := d.Sightings[person]
	p.ID, p.Word = person, heard(d.seen, person, officer).Word
	return p
}

// LimitsOf are an organ's measures of a lead over work of some acts.
func LimitsOf(of duty.Law, acts []string) accompany.Limits {
	seconds := func(m duty.Measure) time.Duration { return time.Duration(of.Measure(m, acts...)) * time.Second }
	return accompany.Limits{
		Radius: float64(of.Measure(duty.LeadRadius, acts...)),
		Fresh:  seconds(duty.LeadFresh), Word: seconds(duty.LeadWord), Grace: seconds(duty.LeadGrace),
	}
}

// attend brings the lead up to now and tells what has happened to it. Asked says that the law has ruled on it as it is now.
func (d *deciding) attend(asked bool) error {
	if !d.task.State.Open() {
		d.endLead()
		return nil
	}
	lead, changes := d.look()
	switch {
	case lead == nil:
		return nil
	case len(changes) == 0:
		if asked && len(d.out.Events) > 0 { // until when it has been seen to be there is kept with whatever is written
			d.task.Accompaniment = lead
		}
		return nil
	}
	d.task.Accompaniment = lead
	for _, c := range changes {
		body := map[string]any{"officer": lead.Officer, "from": c.From, "since": c.At}
		if lead.Evidence != nil && (c.To == accompany.Led || c.To == accompany.Present) {
			body["by"] = lead.Evidence.Kind
		}
		if err := d.event("lead."+string(c.To), body); err != nil {
			return err
		}
	}
	if d.task.State != Started || d.before.State != Started {
		return nil
	}
	if err := d.warn(changes[0].From, lead); err != nil || asked {
		return err
	}
	return d.rerule()
}

// endLead closes the record with the work. What has ended before stays as it ended.
func (d *deciding) endLead() {
	if lead := d.task.Accompaniment; lead != nil && !lead.Over() {
		over := *lead
		over.End(accompany.Ended, d.Now)
		d.task.Accompaniment, d.task.Code, d.task.Fallback = &over, nil, nil
	}
}

// warn tells everybody at work when the lead is lost, with what each may go on with, and when it is there again.
func (d *deciding) warn(was accompany.State, lead *accompany.Lead) error {
	if !d.book.Led(d.task.Acts) {
		return nil
	}
	everybody := []uuid.UUID{lead.Officer}
	for _, m := range d.task.working() {
		everybody = append(everybody, m.Person)
	}
	switch {
	case lead.State == accompany.Lost && was != accompany.Lost:
		d.task.Fallback = d.fallBack()
		d.push("lead_lost", everybody...)
		return d.event("lead.fallback", map[string]any{"stop": d.task.Acts, "fallback": d.task.Fallback})
	case lead.State == accompany.Led && len(d.task.Fallback) > 0:
		d.push("lead_restored", everybody...)
	}
	return nil
}

// endFallback takes back what people were told to fall back to, once the work rests, needs no lead any more, or has one.
func (d *deciding) endFallback() {
	lead := d.task.Accompaniment
	if d.task.State != Started || lead == nil || lead.State != accompany.Lost || !d.book.Led(d.task.Acts) {
		d.task.Fallback = nil
	}
}

// fallBack asks the law of each one at work which of the acts that hold a scene they may do as things are.
func (d *deciding) fallBack() (list []Fallback) {
	build := d.builder()
	for _, m := range d.task.working() {
		f := Fallback{Person: m.Person, Acts: []string{}}
		for _, act := range d.book.Holding() {
			alone := d.task.clone()
			alone.Acts, m.Acts = []string{act}, nil
			facts := build.facts(&alone, law.During, []Member{m})
			if ruling, err := d.book.Rule(&facts); err == nil && ruling.Outcome.Lawful() {
				f.Acts = append(f.Acts, act)
			}
		}
		list = append(list, f)
	}
	return list
}

// Attend brings the lead of a task up to now though nobody has reported anything: a lead is lost on time. Nothing to tell changes
// nothing.
func (s *Service) Attend(ctx context.Context, task uuid.UUID) error {
	if err := s.byItself(ctx, task, watching{}); err != nil {
		return fmt.Errorf("lead of task %s: %w", task, err)
	}
	return nil
}

// watching does nothing of its own: every command begins by looking at the lead.
type watching struct{}

func (watching) apply(d *deciding) error { return nil }
