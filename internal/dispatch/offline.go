package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// StartedOffline keeps that work began, as its phone says, without a lawful ruling: a phone without network asks nobody, and the no that
// it gets hours later must not be all that is left of it. Dispatcher and lead are told. The same start heard twice counts once.
func (s *Service) StartedOffline(ctx context.Context, o duty.OfflineStart) error {
	house := duty.Actor{Person: o.Person, Grants: []duty.Grant{{Role: duty.RoleAuditor, Path: Everywhere[0]}}}
	id := uuid.NewSHA1(o.Device, append([]byte("started offline "), o.Record[:]...))
	happened := o.Happened
	call := Call{Actor: house, Command: duty.Command{ID: id, Hash: sha256.Sum256(id[:]), Happened: &happened}}
	_, err := s.store.Decide(ctx, call, o.Task, func(snap Snapshot) (Decision, error) {
		return s.decide(snap, house, DoObserve, uuid.Nil, offlineStart{o})
	})
	var known *fault.Error
	if errors.As(err, &known) && known.Kind == fault.NotFound {
		return nil
	}
	return err
}

// hearAnyway keeps what was said with a step that was recorded without network and came too late for the task or the person: the no to the
// step, which its phone gets hours later, does not take testimony off the record. Heard twice it counts once; what is not theirs to state
// is not heard.
func (s *Service) hearAnyway(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step Step, refused error) error {
	with, says := step.(saying)
	late := fault.KindOf(refused) == fault.Conflict || fault.KindOf(refused) == fault.Forbidden
	if !says || cmd.Happened == nil || !late || len(with.said()) == 0 {
		return nil
	}
	said := slices.Clone(with.said())
	for i := range said {
		said[i].Task = &task
		if said[i].ObservedAt.IsZero() {
			said[i].ObservedAt = cmd.Happened.To
		}
	}
	cmd.ID = uuid.NewSHA1(cmd.ID, []byte("said with it"))
	cmd.Hash = sha256.Sum256(cmd.ID[:])
	_, err := s.Observe(ctx, actor, cmd, said)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return nil
	}
	return err
}

// given is when the command was given, for what it states and names no time of: now, or the end of the time in which it must have been
// recorded.
func (d *deciding) given() time.Time {
	if d.Happened != nil {
		return d.Happened.To
	}
	return d.Now
}

type offlineStart struct{ duty.OfflineStart }

// apply: a start that came too late for the state of the task is one of work that others have begun under a ruling, unless nobody has.
func (o offlineStart) apply(d *deciding) error {
	if !d.task.Part(o.Person) && !d.task.Former(o.Person) || o.Ruling == nil && d.task.StartedAt != nil {
		return nil
	}
	body := map[string]any{
		"person": o.Person, "step": o.Step, "happened": o.Happened, "phone_time": o.Wall, "refused": o.Code,
	}
	if o.Ruling != nil {
		body["refusal"] = *o.Ruling
	}
	for _, person := range d.answerable() {
		d.out.Pushes = append(d.out.Pushes, duty.Push{Person: person, Task: d.task.ID, Kind: "started_offline_unlawfully", Priority: string(Immediate)})
	}
	return d.event("task.started_offline_unlawfully", body)
}

// answerable are the dispatcher and the lead of a task.
func (d *deciding) answerable() []uuid.UUID {
	people := []uuid.UUID{d.task.DispatchedBy.Person}
	if lead := d.task.Lead(); lead != nil && lead.Person != people[0] {
		people = append(people, lead.Person)
	}
	return people
}

// builderThen makes facts of the time in which a command was given. What came to light since then, and what has changed since then, does
// not make the work of that time another.
func (d *deciding) builderThen() factBuilder {
	then := *d
	then.Now, then.seen, then.Sightings = d.Happened.To, d.seenThen(), d.sightedThen()
	lead, _ := d.look()
	if lead != nil {
		was := *lead
		was.Presence = lead.Then(d.Happened.From, then.sceneOf(lead.Officer))
		lead = &was
	}
	return factBuilder{now: then.Now, law: d.Law, people: d.People, arranged: d.Arranged, waived: d.Waived, seen: then.seen, book: d.book, lead: lead}
}

// seenThen is what stood at the time, with what this command says itself.
func (d *deciding) seenThen() statements {
	return standing(slices.Concat(d.Then, d.said), d.Happened.To, d.fresh, d.task.begun()).fromTheScene(&d.task)
}

// backToNow asks the law again, of work that went on before and goes on, about what is now: what comes late is on record as what it was,
// and does not stand for what has become of it. The ruling on the command itself stays the last.
// Where the law was not asked about that time and nobody stated a fact there is nothing to come back from: an objection leaves no mark,
// whenever it comes (Art. 20).
func (d *deciding) backToNow() error {
	nothing := len(d.out.Rulings) == 0 && len(d.out.Observations) == 0
	if d.Happened == nil || d.out.Refused || d.before.State != Started || len(d.out.Events) == 0 || nothing {
		return nil
	}
	d.Happened = nil
	n := len(d.out.Rulings)
	err := d.rerule()
	d.out.Rulings = append(d.out.Rulings[n:len(d.out.Rulings):len(d.out.Rulings)], d.out.Rulings[:n]...)
	return err
}

// sightedThen is where people were last seen, and what they had checked in with, as far as that was by then.
func (d *deciding) sightedThen() map[uuid.UUID]accompany.Person {
	then := make(map[uuid.UUID]accompany.Person, len(d.Sightings))
	for id, p := range d.Sightings {
		if p.Position != nil && p.Position.SeenAt.After(d.Happened.To) {
			p.Position = nil
		}
		if p.Shift != nil && p.Shift.Since.After(d.Happened.To) {
			p.Shift = nil
		}
		then[id] = p
	}
	return then
}

// dated puts onto what a command left when it must have happened, where it was recorded without network.
func dated(d Decision, made *duty.Interval, err error) (Decision, error) {
	if err != nil || made == nil {
		return d, err
	}
	for i := range d.Events {
		var body map[string]any
		if err := json.Unmarshal(d.Events[i].Body, &body); err != nil {
			return d, err
		}
		body["happened"] = made
		if d.Events[i].Body, err = json.Marshal(body); err != nil {
			return d, err
		}
	}
	return d, nil
}
