package feed_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
)

func TestTicketIsSpentOnce(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	actor := r.viewer(north)
	token, expires, err := r.service.Ticket(t.Context(), actor, false)
	if err != nil {
		t.Fatal(err)
	}
	if life := time.Until(expires); life <= 0 || life > feed.TicketLife {
		t.Errorf("the ticket lives %s", life)
	}
	if viewer, err := r.service.Admit(t.Context(), token); err != nil || viewer.Session != actor.Session {
		t.Fatalf("%+v %v", viewer, err)
	}
	for name, token := range map[string]string{"spent": token, "made up": "x", "none": ""} {
		if _, err := r.service.Admit(t.Context(), token); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s ticket: %v", name, err)
		}
	}
}

func TestTicketNeedsTheRightToWatchAndALiveSession(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	auxiliary := r.log.SignIn(duty.RoleAuxiliary, north)
	if _, _, err := r.service.Ticket(t.Context(), auxiliary, false); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("an auxiliary got a ticket: %v", err)
	}
	for name, c := range map[string]struct {
		between func(duty.Actor)
		want    fault.Kind
	}{
		"signed out":  {r.log.SignOut, fault.Unauthenticated},
		"expired":     {func(duty.Actor) { r.log.ExpireTickets() }, fault.Unauthenticated},
		"grant taken": {func(a duty.Actor) { r.log.Regrant(a) }, fault.Forbidden},
	} {
		actor := r.viewer(north)
		token := r.ticket(actor)
		c.between(actor)
		if _, err := r.service.Admit(t.Context(), token); err == nil || fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTicketThatCannotBeReadLetsNobodyIn(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	token := r.ticket(r.viewer(north))
	allow := r.log.Deny(feedkit.Tickets)
	if _, err := r.service.Admit(t.Context(), token); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("%v", err)
	}
	allow()
	if _, err := r.service.Admit(t.Context(), token); err != nil {
		t.Errorf("the ticket was spent on a failure: %v", err)
	}
}

func TestViewerSeesOnlyItsReach(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	r.append(north, south, city)
	inNorth, inCity := r.enter(r.viewer(north), seq(0)), r.enter(r.viewer(city), seq(0))
	r.next(inNorth, feed.Hello)
	r.next(inCity, feed.Hello)
	for _, want := range []int64{1, 2, 3} {
		if m := r.next(inCity, feed.EventOf); m.Seq != want {
			t.Errorf("city got %d, want %d", m.Seq, want)
		}
	}
	r.next(inNorth, feed.EventOf)
	r.append(south, south, north)
	if m := r.next(inNorth, feed.EventOf); m.Seq != 6 {
		t.Errorf("north got %s", m.JSON)
	}
}

func TestWithoutCursorItBeginsAtTheHead(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	r.append(north, north)
	sub := r.enter(r.viewer(north), nil)
	var hello struct {
		Type string
		Head int64
		At   time.Time
	}
	if err := json.Unmarshal(r.next(sub, feed.Hello).JSON, &hello); err != nil || hello.Head != 2 || hello.At.IsZero() {
		t.Fatalf("%+v %v", hello, err)
	}
	r.append(north)
	if m := r.next(sub, feed.EventOf); m.Seq != 3 {
		t.Errorf("got %s", m.JSON)
	}
}

// A page that holds nothing is not the end of the log: more of it than one page looks at lies before the one event it waits for.
func TestAViewerOfLittleComesThroughALongLog(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	long := slices.Repeat([]duty.Path{south}, 21_000)
	long[500], long[20_500] = north, north
	head := r.append(long...)
	sub := r.enter(r.viewer(north), seq(0))
	r.next(sub, feed.Hello)
	for _, want := range []int64{501, 20_501} {
		if m := r.next(sub, feed.EventOf); m.Seq != want {
			t.Fatalf("got %s, want %d", m.JSON, want)
		}
	}
	r.append(south, north)
	if m := r.next(sub, feed.EventOf); m.Seq != head+2 {
		t.Errorf("got %s", m.JSON)
	}
}

func TestUselessCursorIsReset(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	r.append(slices.Repeat([]duty.Path{north}, 10)...)
	r.log.Forget(4)
	for name, c := range map[string]struct {
		after int64
		reset bool
	}{
		"too old": {3, true}, "just kept": {4, false}, "head": {10, false}, "beyond the head": {11, true},
	} {
		sub := r.enter(r.viewer(north), &c.after)
		r.next(sub, feed.Hello)
		if c.reset {
			if m := r.next(sub, feed.Reset); string(m.JSON) != `{"type":"reset","head":10}` {
				t.Errorf("%s: %s", name, m.JSON)
			}
		} else if c.after < 10 {
			if m := r.next(sub, feed.EventOf); m.Seq != c.after+1 {
				t.Errorf("%s: %s", name, m.JSON)
			}
		}
	}
}

func TestShorterLogResetsThoseWhoSawMore(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Poll: 5 * time.Millisecond})
	r.append(north)
	sub := r.enter(r.viewer(north), seq(0))
	r.next(sub, feed.Hello)
	r.next(sub, feed.EventOf)
	r.append(north, north)
	r.next(sub, feed.EventOf)
	r.next(sub, feed.EventOf)
	r.log.Restore(1)
	r.hub.Wake()
	if m := r.next(sub, feed.Reset); m.Seq != 1 {
		t.Errorf("got %s", m.JSON)
	}
	r.append(north)
	if m := r.next(sub, feed.EventOf); m.Seq != 2 {
		t.Errorf("got %s", m.JSON)
	}
}

// The hub has not noticed yet: it stands beyond the end of what the newcomer reads.
func TestNewcomerToAShorterLogIsReset(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Poll: time.Hour})
	r.append(slices.Repeat([]duty.Path{north}, 10)...)
	testkit.Wait(t, "the hub to be at the head", func() bool { return r.hub.Stats().Position == 10 })
	r.log.Restore(4)
	sub := r.enter(r.viewer(north), seq(3))
	r.next(sub, feed.Hello)
	r.next(sub, feed.EventOf)
	for want := int64(4); want <= 5; want++ { // once because of what it read, once when the hub has noticed
		if m := r.next(sub, feed.Reset); m.Seq != want {
			t.Errorf("got %s", m.JSON)
		}
		r.append(north)
	}
	if m := r.next(sub, feed.EventOf); m.Seq != 6 {
		t.Errorf("got %s", m.JSON)
	}
}

func TestSlowSubscriberIsCutWithItsCursorAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Queue: 8})
	slow, quick := r.enter(r.viewer(north), nil), r.enter(r.viewer(north), nil)
	for _, sub := range []*feed.Subscription{slow, quick} {
		r.next(sub, feed.Hello)
		r.append(north)
		r.next(sub, feed.EventOf) // both are live now, or catching up with the second of the two
	}
	for want := int64(3); want <= 40; want++ {
		r.append(north)
		if m := r.next(quick, feed.EventOf); m.Seq != want {
			t.Fatalf("quick got %d, want %d", m.Seq, want)
		}
	}
	ended := r.ends(slow)
	if ended.Why != feed.Slow || ended.After < 1 || ended.After > 2 {
		t.Fatalf("slow ended %+v", ended)
	}
	again := r.enter(r.viewer(north), &ended.After)
	r.next(again, feed.Hello)
	if m := r.next(again, feed.EventOf); m.Seq != ended.After+1 {
		t.Errorf("came back at %d after %d", m.Seq, ended.After)
	}
	if stats := r.hub.Stats(); stats.Slow != 1 || stats.Position != 40 {
		t.Errorf("%+v", stats)
	}
}

func TestBeatOfOneWhoIsCutSpeaksForNothingItMissed(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Queue: 4})
	sub := r.enter(r.viewer(north), nil)
	r.next(sub, feed.Hello)
	r.append(north)
	r.next(sub, feed.EventOf)
	testkit.Wait(t, "the subscriber to be cut", func() bool { r.append(north, north, north); return r.hub.Stats().Slow == 1 })
	last, beat := sub.Late()
	if ended := r.ends(sub); last == 0 || beat.Seq != last || ended.After != last {
		t.Errorf("after %d came %s and %+v", last, beat.JSON, ended)
	}
}

func TestSessionThatEndsIsCutAndChangedReachCounts(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Check: 5 * time.Millisecond})
	gone, stripped, moved := r.viewer(north), r.viewer(north), r.viewer(north)
	subs := map[string]*feed.Subscription{"gone": r.enter(gone, nil), "stripped": r.enter(stripped, nil), "moved": r.enter(moved, nil)}
	for _, sub := range subs {
		r.next(sub, feed.Hello)
	}
	r.log.Regrant(moved, duty.Grant{Role: duty.RoleViewer, Path: south}) // first: who sees the others go has seen this
	r.log.SignOut(gone)
	r.log.Regrant(stripped, duty.Grant{Role: duty.RoleAuxiliary, Path: north})
	for _, name := range []string{"gone", "stripped"} {
		if ended := r.ends(subs[name]); ended.Why != feed.Revoked {
			t.Errorf("%s: %+v", name, ended)
		}
	}
	head := r.append(north, south)
	if m := r.next(subs["moved"], feed.EventOf); m.Seq != head {
		t.Errorf("moved got %s", m.JSON)
	}
	if stats := r.hub.Stats(); stats.Revoked != 2 || stats.Subscribers != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestBeatMovesTheCursorPastWhatOthersSee(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Beat: 5 * time.Millisecond})
	sub := r.enter(r.viewer(north), nil)
	r.next(sub, feed.Hello)
	head := r.append(south, south, south)
	for deadline := time.Now().Add(time.Minute); r.next(sub, feed.Beat).Seq < head; {
		if time.Now().After(deadline) {
			t.Fatal("the beat never reached the head")
		}
	}
}

func TestStoreThatFailsIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Poll: 200 * time.Millisecond})
	sub := r.enter(r.viewer(north), nil)
	r.next(sub, feed.Hello)
	r.append(north)
	r.next(sub, feed.EventOf)
	r.log.Append(north) // of which the hub is not told
	allow := r.log.Deny(feedkit.Events)
	testkit.Wait(t, "the hub to have failed twice", func() bool { r.hub.Wake(); return r.errors.Load() >= 2 })
	allow()
	if m := r.next(sub, feed.EventOf); m.Seq != 2 {
		t.Errorf("got %s", m.JSON)
	}
}

func TestStoppedHubEndsEverybody(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{})
	sub := r.enter(r.viewer(north), nil)
	r.next(sub, feed.Hello)
	r.stop()
	if ended := r.ends(sub); ended.Why != feed.Stopped {
		t.Errorf("%+v", ended)
	}
	if ended := r.ends(r.enter(r.viewer(north), nil)); ended.Why != feed.Stopped {
		t.Errorf("late comer: %+v", ended)
	}
}
