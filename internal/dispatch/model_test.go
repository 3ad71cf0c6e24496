package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// model is the life of a task told again, slowly and plainly: who has answered, what was said when, whether the officer is there. What
// it takes to be lawful it asks of the second evaluator.
type model struct {
	now     time.Time
	lead    duty.Person
	members []duty.Person
	state   string
	answer  map[uuid.UUID]string
	said    map[uuid.UUID]map[string]string
	at      map[uuid.UUID]map[string]time.Time
	code    time.Time // when a code last went between the lead and one of those he leads; zero: never
	gone    bool      // the lead said last that he is not there
	lost    bool      // work went on while he was gone, or too long with nothing that showed him
}

func (m *model) say(who uuid.UUID, fact, value string) {
	if m.said[who] == nil {
		m.said[who], m.at[who] = map[string]string{}, map[string]time.Time{}
	}
	m.said[who][fact], m.at[who][fact] = value, m.now
}

// presence is what there is to say of the officer.
func (m *model) presence() law.Presence {
	stale := m.now.Sub(m.code) - 30*time.Minute
	switch {
	case m.gone:
		m.lost = m.lost || m.state == "started"
		return law.PresenceAbsent
	case m.code.IsZero():
		return law.PresenceUnknown
	case stale <= 0:
		m.lost = false
		return law.PresencePresent
	case m.state == "started" && (m.lost || stale >= time.Minute):
		m.lost = true
		return law.PresenceAbsent
	default:
		return law.PresenceDoubtful
	}
}

func (m *model) lawful(phase law.Phase, who ...duty.Person) bool {
	f := law.Facts{
		At: m.now, Phase: phase, Acts: []string{"stop-and-question"}, Arrangement: law.Arrangement{Organ: law.Yes, Officer: law.Yes},
		Officers: []law.Officer{{ID: m.lead.Number, Lead: true, OnDuty: law.Yes, SameOrgan: law.Yes, Presence: m.presence()}},
	}
	for _, p := range who {
		a := law.Auxiliary{ID: p.Number, Role: law.RoleField, Status: law.StatusActive, Training: law.TrainingPassed}
		said := m.said[p.ID]
		_ = a.Uniform.UnmarshalText([]byte(said["uniform"])) // nothing said is unknown
		_ = a.IDCard.UnmarshalText([]byte(said["id_card"]))
		if m.now.Sub(m.at[p.ID]["recording"]) <= 10*time.Minute {
			_ = a.Recording.UnmarshalText([]byte(said["recording"]))
		}
		f.Auxiliaries = append(f.Auxiliaries, a)
	}
	return naive.Rule(&f, law.Settings{}).Outcome.Lawful()
}

func (m *model) with(answers ...string) (who []duty.Person) {
	for _, p := range m.members {
		if slices.Contains(answers, m.answer[p.ID]) {
			who = append(who, p)
		}
	}
	return who
}

// begins says whether the work may begin or go on: false with an error is no step at all.
func (m *model) begins(who duty.Person) (lawful, possible bool) {
	if m.answer[who.ID] != "accepted" || len(m.with("dispatched")) > 0 {
		return false, false
	}
	return m.lawful(law.Start, m.with("accepted")...), true
}

// Whatever people do and say in whatever order, a task lives as the plain model says: the same steps are possible, the same are refused
// by law, and work that goes on is a violation when the second evaluator says so.
func TestATaskAgreesWithThePlainModel(t *testing.T) {
	t.Parallel()
	lead := person(duty.Officer, "310121")
	members := []duty.Person{person(duty.FieldAuxiliary, "FJ31021"), person(duty.FieldAuxiliary, "FJ31022")}
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk("stop-and-question", lead, members...)
		m := &model{
			now: eight, lead: lead, members: members, state: "dispatched", said: map[uuid.UUID]map[string]string{}, at: map[uuid.UUID]map[string]time.Time{},
			answer: map[uuid.UUID]string{members[0].ID: "dispatched", members[1].ID: "dispatched"},
		}
		if err := d.says(eight, lead, dispatch.Statement{Fact: "on_duty", Value: "yes"}); err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			m.now = m.now.Add(time.Duration(rapid.IntRange(1, 1200).Draw(r, "later")) * time.Second)
			m.step(r, d)
			if got := string(d.snap.Task.State); got != m.state {
				r.Fatalf("it is %s, not %s", got, m.state)
			}
		}
	})
}

func (m *model) step(r *rapid.T, d *desk) {
	who := rapid.SampledFrom(m.members).Draw(r, "who")
	do := rapid.SampledFrom([]string{"accept", "decline", "start", "pause", "resume", "finish", "say", "say", "say", "code", "code", "leave"}).Draw(r, "do")
	open := m.state != "finished"
	m.presence() // time has gone by, whatever is done
	switch do {
	case "accept", "decline":
		want := open && m.answer[who.ID] == "dispatched"
		step, after := dispatch.Step(dispatch.Accept{}), "accepted"
		if do == "decline" {
			step, after = dispatch.Decline{Reason: "x"}, "declined"
		}
		refused := want && do == "accept" && m.state == "started" && !m.lawful(law.Start, append(m.with("accepted"), who)...)
		m.held(r, d, who, step, want, refused)
		if want && !refused {
			m.answer[who.ID] = after
		}
	case "start", "resume":
		from := map[string]string{"start": "dispatched", "resume": "paused"}[do]
		lawful, possible := m.begins(who)
		possible = possible && m.state == from
		step := dispatch.Step(dispatch.Start{})
		if do == "resume" {
			step = dispatch.Resume{}
		}
		m.held(r, d, who, step, possible, possible && !lawful)
		if possible && lawful {
			m.state = "started"
		}
	case "pause", "finish":
		want := m.answer[who.ID] == "accepted" && (m.state == "started" || do == "finish" && m.state == "paused")
		step, after := dispatch.Step(dispatch.Pause{Reason: "x"}), "paused"
		if do == "finish" {
			step, after = dispatch.Finish{Report: "x"}, "finished"
		}
		m.held(r, d, who, step, want, false)
		if want {
			m.state, m.lost = after, false
		}
	case "code":
		m.held(r, d, m.lead, dispatch.ShowCode{Code: "49381726"}, open, false)
		m.held(r, d, who, dispatch.EnterCode{Code: "49381726"}, open && m.answer[who.ID] != "", false)
		if open {
			if m.gone = false; m.answer[who.ID] != "declined" { // whoever said no is led by nobody: it shows that he has come back, and no more
				m.code, m.lost = m.now, false
			}
			m.compare(r, d)
		}
	case "leave":
		m.hears(r, d, m.lead, "presence", "absent")
		m.gone = open || m.gone
	default:
		fact := rapid.SampledFrom([]string{"uniform", "id_card", "recording"}).Draw(r, "fact")
		value := rapid.SampledFrom([]string{"yes", "yes", "no"}).Draw(r, "value")
		if fact == "recording" {
			value = map[string]string{"yes": "on", "no": "off"}[value]
		}
		m.hears(r, d, who, fact, value)
		m.say(who.ID, fact, value)
	}
}

// held lets the desk decide a step and holds it to whether it is possible, and refused by law.
func (m *model) held(r *rapid.T, d *desk, who duty.Person, step dispatch.Step, possible, refused bool) {
	made, err := d.does(m.now, who, step)
	if (err == nil) != possible || err == nil && made.Refused != refused {
		r.Fatalf("%T: error %v, refused %v; the model: possible %v, refused %v", step, err, made.Refused, possible, refused)
	}
}

func (m *model) hears(r *rapid.T, d *desk, who duty.Person, fact, value string) {
	if err := d.says(m.now, who, dispatch.Statement{Fact: fact, Value: value}); err != nil {
		r.Fatalf("%s %s: %v", fact, value, err)
	}
}

// compare holds the mark of a violation to the second evaluator, where the law was asked now.
func (m *model) compare(r *rapid.T, d *desk) {
	if m.state != "started" {
		return
	}
	if got, want := d.snap.Task.Violation, !m.lawful(law.During, m.with("accepted")...); got != want {
		r.Fatalf("a violation %v, the model says %v", got, want)
	}
}
