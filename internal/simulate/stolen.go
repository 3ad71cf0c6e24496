package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	handset "github.com/dutybound/dutybound/api/phone"
)

const (
	hands   = 4                       // that use a stolen phone at once
	sockets = 2                       // that it holds
	tries   = 1500 * time.Millisecond // for which a thief goes on after the phone was revoked
)

// isRobbed plays a phone that is stolen while it is busy and holds records that nobody has had yet. It is revoked; the owner gets a new
// one and brings the records; an officer decides which of them are the owner's.
func (c *crew) isRobbed(ctx context.Context, chance *rand.Rand, s scene, at int) error {
	who := c.members[trouble][at]
	return c.works(ctx, chance, s, []*phone{who}, func(j job) error {
		theirs, err := who.writesLate(j.id, "finish", "task.finished", api.Report{Report: "断网期间巡逻完毕"})
		if err != nil {
			return err
		}
		robbed, err := who.presses(ctx, true) // which stands, whatever becomes of the phone
		if err != nil {
			return err
		}
		t, err := j.cutsOff(ctx, who)
		if err != nil {
			return err
		}
		call := Call{Phone: who.number, Person: who.person, RaisedAt: who.wall()}
		thiefs, err := who.writes("/v1/alarms", api.AlarmRaising{RaisedAt: call.RaisedAt})
		if err != nil {
			return err
		}
		next, err := j.getsNew(ctx, who, at)
		if err == nil {
			err = c.comes(ctx, next, robbed, false)
		}
		if err != nil {
			return err
		}
		theirs.Released, thiefs.Call = true, &call
		t.Late = []Late{theirs, thiefs}
		err = j.judges(ctx, who, next, &t)
		c.evidence.robbed(t)
		return err
	})
}

func (p *phone) writesLate(task uuid.UUID, name, kind string, body any) (Late, error) {
	late, err := p.writes("/v1/tasks/"+task.String()+"/"+name, body)
	late.Task, late.Kind, late.Actor = task, kind, p.person
	return late, err
}

func (p *phone) writes(path string, body any) (Late, error) {
	_, record, err := p.box.Record(path, body)
	return Late{Record: handset.Digest(record)}, err
}

// cutsOff has a thief use a phone from many hands at once, and personnel revoke it.
func (j job) cutsOff(ctx context.Context, who *phone) (Theft, error) {
	t := Theft{Phone: who.number, Person: who.person, Device: who.device, Task: j.id}
	who.setOnline(false) // its owner has it no more
	until := make(chan struct{})
	var mu sync.Mutex
	var stealing sync.WaitGroup
	var holding []*held
	for range sockets {
		h, err := who.holds(ctx)
		if err != nil {
			return t, err
		}
		stealing.Go(h.reads)
		holding = append(holding, h)
	}
	for hand := range hands {
		stealing.Go(func() {
			for going := true; going; {
				select {
				case <-until:
					going = false // one last time
				default:
				}
				sent := time.Now()
				status := who.tries(ctx, j.id, hand)
				mu.Lock()
				t.tried(sent, status)
				mu.Unlock()
				_ = rest(ctx, 10*time.Millisecond) // the loop ends with its scene
			}
		})
	}
	err := busy(ctx, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return t.Accepted >= hands
	})
	if err == nil {
		t.RevokedAt, err = j.revokes(ctx, who)
	}
	revoked := time.Now()
	if err == nil {
		err = rest(ctx, tries)
	}
	close(until)
	for _, h := range holding {
		h.giveUp(revoked.Add(2 * socketsEnd))
	}
	stealing.Wait()
	t.Revoked = revoked
	for _, h := range holding {
		t.Sockets = append(t.Sockets, h.ended.Sub(revoked))
	}
	return t, err
}

// busy waits until a thief is at work.
func busy(ctx context.Context, at func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !at() {
		if err := rest(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("a stolen phone is let in nowhere: %w", err)
		}
	}
	return nil
}

// revokes answers when a device was revoked, by the server's clock.
func (j job) revokes(ctx context.Context, who *phone) (at time.Time, err error) {
	got, err := j.personnel.api.RevokeDeviceWithResponse(ctx, who.device)
	switch {
	case err != nil:
		return at, err
	case got.JSON200 == nil || got.JSON200.RevokedAt == nil:
		return at, refused("revoke", got)
	}
	return *got.JSON200.RevokedAt, nil
}

// tries is one request of a thief; 0: no answer.
func (p *phone) tries(ctx context.Context, task uuid.UUID, hand int) int {
	if hand%2 == 0 {
		if got, err := p.api.GetMeWithResponse(ctx); err == nil {
			return got.StatusCode()
		}
		return 0
	}
	said := p.recording()
	said.Task = &task
	got, err := p.api.ObserveWithResponse(ctx, &api.ObserveParams{IdempotencyKey: newKey()}, api.Observations{Statements: []api.ObservedStatement{said}})
	if err != nil {
		return 0
	}
	return got.StatusCode()
}

// tried notes the answer to a request of a thief.
func (t *Theft) tried(sent time.Time, status int) {
	switch {
	case status == http.StatusOK:
		t.Accepted++
		if sent.After(t.Last) {
			t.Last = sent
		}
	case status == http.StatusUnauthorized:
		t.Refused++
	}
}

// held is a socket in the hands of a thief, and when it ended.
type held struct {
	conn interface {
		ReadMessage() (int, []byte, error)
		SetReadDeadline(time.Time) error
		Close() error
	}
	ended time.Time
}

func (p *phone) holds(ctx context.Context) (*held, error) {
	w := &watcher{client: p.api, server: p.config.Server, scope: api.FeedWishScopeMine, cursor: -1}
	conn, err := w.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &held{conn: conn}, nil
}

func (h *held) reads() {
	for {
		if _, _, err := h.conn.ReadMessage(); err != nil {
			h.ended = time.Now()
			_ = h.conn.Close()
			return
		}
	}
}

// giveUp ends a socket that the server does not.
func (h *held) giveUp(at time.Time) { _ = h.conn.SetReadDeadline(at) }

// getsNew gives the owner of a stolen phone another one, which takes its place in the city.
func (j job) getsNew(ctx context.Context, who *phone, at int) (*phone, error) {
	who.setOnDuty(false) // it captures nothing any more
	next := &phone{city: j.city, index: who.index, renewed: true}
	next.place.lat, next.place.lon = who.place.lat, who.place.lon
	if err := j.issues(ctx, next, who.account); err != nil {
		return nil, err
	}
	next.copy.joins(j.id)
	if err := next.syncs(ctx); err != nil {
		return nil, err
	}
	next.setOnDuty(true)
	next.setOnline(true)
	j.mu.Lock()
	j.phones[who.index] = next
	j.mu.Unlock()
	j.crew.members[trouble][at] = next
	j.follows(next)
	return next, nil
}

// judges brings the records of a stolen phone and has them decided on: nothing comes of them before, and of what is rejected nothing ever.
func (j job) judges(ctx context.Context, who, next *phone, t *Theft) error {
	records := who.box.Waiting(len(t.Late))
	results, err := next.upload(ctx, records)
	if err != nil {
		return err
	}
	for i := range t.Late {
		t.Late[i].Outcome = string(results[i].Outcome)
	}
	if err := j.looksInto(ctx, t); err != nil {
		return err
	}
	j.evidence.offline(who.device, who.clockOff != 0)
	for _, l := range t.Late {
		got, err := j.relief.api.DecideQuarantineWithResponse(ctx, t.Device, &api.DecideQuarantineParams{IdempotencyKey: newKey()},
			api.QuarantineVerdict{Release: l.Released, Reason: "经本人辨认", Records: []string{l.Record}})
		if err != nil {
			return err
		}
		if got.JSON200 == nil {
			return refused("decide quarantine", got)
		}
	}
	if err := j.applied(ctx, next, records[0]); err != nil {
		return err
	}
	j.evidence.acked(Acked{Phone: who.number, Task: j.id, Kind: t.Late[0].Kind, Actor: who.person})
	return errors.Join(next.syncs(ctx), who.box.Close())
}

// looksInto takes down what lies in quarantine, and what has come of it all the same.
func (j job) looksInto(ctx context.Context, t *Theft) error {
	limit := 200
	list, err := j.relief.api.ListQuarantineWithResponse(ctx, &api.ListQuarantineParams{Limit: &limit})
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return refused("quarantine", list)
	}
	history, err := j.auditor.api.GetTaskHistoryWithResponse(ctx, j.id)
	if err != nil {
		return err
	}
	if history.JSON200 == nil {
		return refused("history", history)
	}
	for i := range t.Late {
		l := &t.Late[i]
		l.Listed = slices.ContainsFunc(list.JSON200.Records, func(q api.QuarantinedRecord) bool { return q.Device == t.Device && q.Record == l.Record })
		for _, event := range history.JSON200.Events {
			if event.Kind == l.Kind && event.Actor == l.Actor {
				l.Early++
			}
		}
	}
	return nil
}

// applied waits until a record is.
func (j job) applied(ctx context.Context, by *phone, record string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		results, err := by.upload(ctx, []string{record})
		if err != nil {
			return fmt.Errorf("what %s had written on a stolen phone is not applied: %w", by.number, err)
		}
		if state := results[0].State; state != nil && *state == api.OutboxResultStateApplied {
			return nil
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("what %s had written on a stolen phone is not applied: %w", by.number, err)
		}
	}
}
