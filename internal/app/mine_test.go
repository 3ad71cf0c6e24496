package app_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/testkit"
)

// I2 for the person's own feed: while both work goes on and other people's too, phones that keep losing their connection see each event
// that concerns them once and in order, nothing of others, and every message.
func TestPhonesMissNothingOfAStorm(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u, strangers := newUnit(o), newUnit(o)
	screens := map[*hand]*screen{}
	for i, who := range []*hand{u.dispatcher, u.member, u.colleague, u.spare} {
		screens[who] = o.followMine(who, 0, rand.New(rand.NewPCG(uint64(i), 3)))
	}
	var storm sync.WaitGroup
	for i := range 3 {
		storm.Go(func() { u.mischief(rand.New(rand.NewPCG(uint64(i), 5)), 40) })
	}
	storm.Go(func() { strangers.mischief(rand.New(rand.NewPCG(9, 5)), 40) })
	storm.Go(func() { o.dawdle(o.path(riverside), 6) })
	storm.Wait()
	o.sound()
	for who, screen := range screens {
		o.wholly(who, screen)
	}
}

// wholly holds what a phone was shown to what concerns its person.
func (o *office) wholly(who *hand, s *screen) {
	o.t.Helper()
	concerned := o.count(`SELECT count(*) FROM event_person WHERE person_id = $1`, who.person)
	messages := o.count(`SELECT count(*) FROM message WHERE person_id = $1 AND seq IS NOT NULL`, who.person)
	testkit.Wait(o.t, "the phone to see everything", func() bool {
		return len(s.seen(o.t)) >= concerned && len(s.messages()) >= messages
	})
	var seen []int64
	for _, e := range s.seen(o.t) {
		seen = append(seen, e.Seq)
	}
	o.toldOf(who, 0, seen)
	if len(seen) != concerned {
		o.t.Errorf("%d events of %d", len(seen), concerned)
	}
	if n := len(s.messages()); n != messages {
		o.t.Errorf("%d messages of %d", n, messages)
	}
}

// Everybody with an account has a feed of their own and no other by it; one that is revoked is cut like any.
func TestOnesOwnFeedIsOnesOwn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	wish := object{"scope": "mine"}
	u.member.post("/v1/feed/tickets", nil).want(403)
	u.member.post("/v1/feed/tickets", object{"scope": "organ"}).want(403)
	conn, err := u.member.dialFor(wish, 0)
	o.must(err)
	defer conn.Close()
	other, err := u.spare.dialFor(wish, 0)
	o.must(err)
	defer other.Close()
	task := u.dispatcher.sends(order("patrol", u.member))
	reads := func(c *websocket.Conn) (m struct {
		Type    string
		Seq     int64
		Event   shown
		Message struct {
			ID      uuid.UUID
			Kind    string
			Subject string
		}
	}, err error,
	) {
		o.must(c.SetReadDeadline(time.Now().Add(time.Minute)))
		for err = c.ReadJSON(&m); err == nil && (m.Type == "hello" || m.Type == "beat"); err = c.ReadJSON(&m) {
			m.Type = ""
		}
		return m, err
	}
	// The message first, and its number is that before the event's: who breaks off between them hears it again.
	first, err := reads(conn)
	if err != nil || first.Type != "message" || first.Message.Kind != "dispatched" || first.Message.Subject != task {
		t.Errorf("%+v %v", first, err)
	}
	second, err := reads(conn)
	if err != nil || second.Type != "event" || second.Event.Kind != "task.dispatched" || second.Seq <= first.Seq {
		t.Errorf("%+v %v", second, err)
	}
	u.member.ask("DELETE", "/v1/sessions/current", nil, nil).want(204)
	var end *websocket.CloseError
	if m, err := reads(conn); !errors.As(err, &end) || end.Code != 4001 {
		t.Errorf("%+v, ended with %v", m, err)
	}
	u.dispatcher.step(task, "cancel", because("误报")).want(200)
	mine := u.dispatcher.sends(order("patrol", u.spare))
	if m, err := reads(other); err != nil || m.Type != "message" || m.Message.Subject != mine {
		t.Errorf("another one's feed says %+v %v", m, err)
	}
}
