package dispatch_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/testkit"
)

// post is a desk whose clock is the bubble's, and which the watch over leads looks at. What the real database makes of the same questions
// is held by TestALeadIsLostThoughNobodyReports and TestTwoWatchesLoseALeadOnce in internal/app/lead_test.go, which move the stored times.
type post struct {
	*testkit.Bubble
	dispatch.Store // nobody asks for the rest of it
	*desk
	lead, other, member duty.Person

	asked []float64 // when the watch asked, in seconds
	whole int       // how often it asked where everybody is, and not only who has moved
	looks int       // tasks looked at under lock
	facts law.Facts // of the last ruling
}

// work has begun a moment ago: the unit was shown together by a code, and nobody says a word from now on. The watch sweeps every two
// seconds, beginning with the first.
func newPost(t *testing.T) *post {
	p := &post{
		Bubble: testkit.NewBubble(t),
		lead:   person(duty.Officer, "310121"), other: person(duty.Officer, "310122"), member: person(duty.FieldAuxiliary, "FJ31021"),
	}
	time.Sleep(time.Until(eight)) // there was no such law when bubbles begin
	p.desk = newDesk("stop-and-question", p.lead, p.member)
	p.snap.People[p.other.ID] = p.other
	p.service = dispatch.New(p, func(duty.Law) (dispatch.Book, error) { return statute(), nil }, dispatch.DefaultFreshness, time.Hour)
	p.must(p.says(eight, p.lead, dispatch.Statement{Fact: "on_duty", Value: "yes"}))
	p.do(p.member, dispatch.Accept{})
	p.must(p.says(eight, p.member,
		dispatch.Statement{Fact: "uniform", Value: "yes"}, dispatch.Statement{Fact: "id_card", Value: "yes"}, dispatch.Statement{Fact: "recording", Value: "on"}))
	p.meet(p.lead)
	p.do(p.member, dispatch.Start{})
	p.Began, p.Told = time.Now(), nil
	return p
}

func (p *post) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *post) do(who duty.Person, step dispatch.Step) {
	p.Helper()
	if answer, err := p.service.Do(p.Context(), actorOf(who), duty.Command{}, p.task().ID, step); err != nil || answer.Refused {
		p.Fatalf("%T: refused %v, %v", step, answer.Refused, err)
	}
}

// meet has an officer and the member show that they are together.
func (p *post) meet(officer duty.Person) {
	p.Helper()
	p.do(officer, dispatch.ShowCode{Code: "49381726"})
	p.do(p.member, dispatch.EnterCode{Code: "49381726"})
}

// task is the task as it is, while the watch may be at it.
func (p *post) task() dispatch.Task {
	p.Lock()
	defer p.Unlock()
	return p.snap.Task
}

// watched sets a watch going, a second into the work.
func (p *post) watched() (stop func()) {
	time.Sleep(time.Second)
	watch := dispatch.NewWatch(p, p.service, p.Logger())
	return p.Runs(func(ctx context.Context) { watch.Run(ctx, 2*time.Second) })
}

// spent holds the seconds that a lead has been in each state.
func (p *post) spent(of *accompany.Lead, led, doubtful, lost float64) {
	p.Helper()
	for state, want := range map[accompany.State]float64{accompany.Led: led, accompany.Doubtful: doubtful, accompany.Lost: lost} {
		if got := of.TimeIn(state, time.Now()).Seconds(); got != want {
			p.Errorf("%v s %s, not %v", got, state, want)
		}
	}
}

func (p *post) Decide(_ context.Context, _ dispatch.Call, _ uuid.UUID, decide func(dispatch.Snapshot) (dispatch.Decision, error)) (dispatch.Answer, error) {
	p.Lock()
	defer p.Unlock()
	p.snap.Now = time.Now()
	p.looks++
	made, err := decide(p.snap)
	if err != nil {
		return dispatch.Answer{}, err
	}
	p.keep(made, made.Observations)
	for _, r := range made.Rulings {
		p.facts = r.Facts
	}
	for _, e := range made.Events {
		if strings.HasPrefix(e.Kind, "lead.") && !strings.Contains(e.Kind, "code") {
			p.Tell(e.Kind)
		}
	}
	for _, push := range made.Pushes {
		if push.Person == p.member.ID {
			p.Tell("push " + push.Kind)
		}
	}
	return dispatch.Answer{Task: made.Task, Refused: made.Refused}, nil
}

func (p *post) Watched(context.Context) (time.Time, []dispatch.Watched, error) {
	p.Lock()
	defer p.Unlock()
	p.asked = append(p.asked, p.Since())
	if p.Down {
		return time.Time{}, nil, testkit.ErrDown
	}
	return time.Now(), []dispatch.Watched{{Task: p.snap.Task.ID, Version: p.snap.Task.Version}}, nil
}

func (p *post) Watch(context.Context, []uuid.UUID) ([]dispatch.WatchedTask, error) {
	p.Lock()
	defer p.Unlock()
	var words []duty.Observation
	for _, o := range p.snap.Observations {
		if o.Fact == "presence" {
			words = append(words, o)
		}
	}
	return []dispatch.WatchedTask{{Task: p.snap.Task, Words: words, Good: p.snap.Good}}, nil
}

func (p *post) Seen(_ context.Context, since time.Time) (seen []accompany.Person, err error) {
	p.Lock()
	defer p.Unlock()
	if since.IsZero() {
		p.whole++
	}
	for _, s := range p.snap.Sightings {
		if s.Position.SeenAt.After(since) {
			seen = append(seen, s)
		}
	}
	return seen, nil
}

func (p *post) Measures(context.Context) (func(duty.Path) duty.Law, error) {
	return func(duty.Path) duty.Law { return duty.Law{} }, nil
}

func (p *post) KeepGood(_ context.Context, good map[uuid.UUID]dispatch.Good) error {
	p.Lock()
	defer p.Unlock()
	p.snap.Good = good[p.snap.Task.ID].Until
	return nil
}

// together reports both positions, side by side.
func (p *post) together(now time.Time) {
	p.Lock()
	defer p.Unlock()
	for _, who := range []uuid.UUID{p.lead.ID, p.member.ID} {
		p.snap.Sightings[who] = accompany.Person{
			ID: who, Shift: &accompany.Shift{}, Position: &accompany.Position{Point: duty.Point{Lat: 29.56, Lon: 106.57}, Accuracy: 5, SeenAt: now},
		}
	}
}

// A code is good for half an hour, and the doubt after it lasts a minute: with nobody moving and nobody reporting a word the lead is
// doubtful and then lost at its second, and it is told at the next sweep. Those led are told what may go on, and that they are led again.
func TestALeadDecaysToTheSecondThoughNobodyReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t)
		stop := p.watched()
		p.Until(1800.9)
		p.Tells()
		p.Until(1860.9)
		p.Tells("lead.doubtful 1801")
		p.spent(p.task().Accompaniment, 1800, 60.9, 0)
		p.Until(1861)
		lost := []string{"lead.doubtful 1801", "lead.lost 1861", "lead.fallback 1861", "push lead_lost 1861"}
		p.Tells(lost...)
		if f := p.task().Fallback; len(f) != 1 || f[0].Person != p.member.ID || len(f[0].Acts) == 0 {
			t.Errorf("may go on with %+v", f)
		}
		if !p.task().Violation {
			t.Error("nobody leads, and nothing is wrong")
		}
		p.Until(2000)
		p.Tells(lost...)
		p.spent(p.task().Accompaniment, 1800, 60, 140)

		p.do(p.member, dispatch.ShowCode{Code: "11112222"})
		p.do(p.other, dispatch.TakeLead{Officer: p.other.ID, Code: "11112222"})
		over := append(lost, "lead.led 2000", "push lead_restored 2000")
		p.Tells(over...)
		if p.task().Violation || len(p.task().Fallback) > 0 {
			t.Errorf("led again: violation %v, fallback %+v", p.task().Violation, p.task().Fallback)
		}
		p.Until(3800.9)
		p.Tells(over...)
		p.Until(3801)
		p.Tells(append(over, "lead.doubtful 3801")...)
		p.spent(&p.task().LedBefore[0], 1800, 60, 140) // they stay
		p.spent(p.task().Accompaniment, 1800, 1, 0)
		stop()
	})
}

// A position shows the two together for three minutes, and each new one begins them anew. The watch learns of it at its next sweep.
func TestPositionsShowALeadForThreeMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t)
		stop := p.watched()
		p.Until(1700)
		p.together(time.Now())
		p.Until(1850)
		p.together(time.Now())
		p.Until(1850 + 180.9)
		p.Tells()
		p.Until(1850 + 180.9 + 60)
		p.Tells("lead.doubtful 2031")
		p.Until(1850 + 180.9 + 61)
		p.Tells("lead.doubtful 2031", "lead.lost 2091", "lead.fallback 2091", "push lead_lost 2091")
		p.spent(p.task().Accompaniment, 2030, 60, 1.9)
		stop()
	})
}

// A sweep that fails is made again at the next tick, which reads everything afresh; what has come
// due is told late, and counted from when it was due. The end stops the watch at once.
func TestASweepThatFailsIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t)
		stop := p.watched()
		p.Until(1800)
		p.Set(func() { p.Down, p.asked = true, nil })
		p.Until(1864)
		p.Tells()
		p.Set(func() { p.Down = false })
		p.Until(1866)
		p.Tells("lead.doubtful 1865", "lead.lost 1865", "lead.fallback 1865", "push lead_lost 1865")
		p.spent(p.task().Accompaniment, 1800, 60, 6)
		stop()
		p.Until(1900)
		if n := len(p.asked); n != 33 || p.asked[0] != 1801 || p.asked[32] != 1865 {
			t.Errorf("swept %d times, at %v", n, p.asked)
		}
		p.Logged(testkit.ErrDown.Error(), 32)
		if p.whole != 2 {
			t.Errorf("read afresh %d times", p.whole-1)
		}
	})
}

// What a watch has seen outlives it: another one, of another server, begins where it ended, and tells the same again to nobody.
func TestAnotherWatchGoesOnWhereOneEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t)
		stop := p.watched()
		for _, seen := range []float64{1790, 1851} {
			p.Until(seen)
			p.together(time.Now())
		}
		p.Until(1900)
		stop()
		p.Set(func() { clear(p.snap.Sightings) }) // both went off the air; only what was kept of it speaks
		p.Until(2000)
		p.Set(func() { p.looks = 0 })
		again, beside := p.watched(), p.watched() // one ticks in odd seconds, the other in even ones
		p.Until(2200)
		again()
		beside()
		p.Tells("lead.doubtful 2032", "lead.lost 2091", "lead.fallback 2091", "push lead_lost 2091")
		if p.looks != 2 {
			t.Errorf("%d looks under lock", p.looks)
		}
	})
}

// A code that one phone shows can be entered on the other for two minutes, to the nanosecond.
func TestACodeLivesForTwoMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPost(t)
		p.do(p.lead, dispatch.ShowCode{Code: "11112222"})
		time.Sleep(2 * time.Minute)
		p.do(p.member, dispatch.EnterCode{Code: "11112222"})
		p.do(p.member, dispatch.ShowCode{Code: "33334444"})
		time.Sleep(2*time.Minute + 1)
		_, err := p.service.Do(t.Context(), actorOf(p.lead), duty.Command{}, p.task().ID, dispatch.EnterCode{Code: "33334444"})
		if err == nil || !strings.Contains(err.Error(), "wrong or too old") {
			t.Errorf("after two minutes: %v", err)
		}
	})
}
