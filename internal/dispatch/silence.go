package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

const (
	silenceEvery = 30 * time.Second // far below the shortest time for which a statement stands
	silenceLimit = 500              // tasks at once; the next round takes the rest
)

// Sources of what nobody states: what was said last was not said again for too long; the order to work in plain clothes is over.
const (
	sourceSilence = "silence"
	sourceOrder   = "order"
)

// Fading is a fact that is unknown when what was said last of it is older than Stands. Wrong is said until the contrary is, and does not
// fade in the course of the work.
type Fading struct {
	Fact   string
	Wrong  []string
	Stands time.Duration
}

func (f Freshness) fading() (list []Fading) {
	for _, fact := range []string{factRecording, factUniform, factIDCard, factOnDuty} {
		list = append(list, Fading{Fact: fact, Wrong: wrong[fact], Stands: f.of(fact)})
	}
	return list
}

// RunSilence looks until the context ends for work of whose facts nothing has been heard for too long. Any number of servers may.
func (s *Service) RunSilence(log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		duty.Rounds{What: "the watch over what falls silent", Every: silenceEvery, Log: log}.Run(ctx, s.HearSilence)
	}
}

// HearSilence puts on record of work that goes on what has become unknown because nothing was heard of it, and asks the law again. A
// camera that is switched off says so; one whose phone has no network, no charge or no owner any more says nothing, and would be found
// out by chance.
func (s *Service) HearSilence(ctx context.Context) error {
	silent, err := s.store.Silent(ctx, s.fresh.fading(), silenceLimit)
	for _, task := range silent { // one that cannot be written keeps no other from being told
		if no := s.byItself(ctx, task, silence{}); no != nil {
			err = errors.Join(err, fmt.Errorf("what fell silent on task %s: %w", task, no))
		}
	}
	return err
}

type silence struct{}

func (silence) apply(d *deciding) error {
	if d.task.State != Started {
		return nil
	}
	for _, person := range d.unitAndOfficers() {
		for _, f := range d.fresh.fading() {
			if err := d.fades(person, f); err != nil {
				return err
			}
		}
	}
	if len(d.out.Observations) == 0 {
		return nil
	}
	return d.rerule()
}

func (d *deciding) unitAndOfficers() (people []uuid.UUID) {
	for _, m := range d.task.Members {
		if m.State != Removed { // whoever was called in again is there once
			people = append(people, m.Person)
		}
	}
	for _, o := range d.task.Officers {
		people = append(people, o.Person)
	}
	return people
}

// fades states that a fact about somebody is unknown where what was said last is too old to count, and that there is no uniform any more
// where the order for plain clothes is over. It has been so since then, whenever we look.
func (d *deciding) fades(person uuid.UUID, f Fading) error {
	said := statements(d.Observations)
	last := said.latest(person, f.Fact)
	o := duty.Observation{Subject: person, Task: &d.task.ID, Fact: f.Fact, Value: unknown, Source: sourceSilence}
	switch {
	case last == nil || last.Value == unknown || slices.Contains(f.Wrong, last.Value) || f.Fact == factOnDuty && said.shift(person) != nil:
		return nil
	case f.Fact == factUniform && last.Value == law.UniformPlainClothesOrder.String() && !holds(d.Waived[person], d.Now):
		o.Value, o.Source, o.ObservedAt = law.UniformNo.String(), sourceOrder, last.ReceivedAt
		for _, order := range d.Waived[person] {
			if order.To.After(o.ObservedAt) && !order.To.After(d.Now) {
				o.ObservedAt = order.To
			}
		}
	case d.fresh.stands(*last, d.Now, nil):
		return nil
	default:
		o.ObservedAt = last.ReceivedAt.Add(f.Stands)
	}
	o.ID = d.newID()
	d.note([]duty.Observation{o})
	if m := d.task.Member(person); f.Fact == factRecording && m != nil && m.State == Accepted {
		d.push("recording_silent", d.withLead(person)...)
	}
	return d.changed(last, o)
}

var unknown = law.Unknown.String()

// withLead is somebody and whoever leads them.
func (d *deciding) withLead(person uuid.UUID) []uuid.UUID {
	people := []uuid.UUID{person}
	if lead := d.task.Lead(); lead != nil && lead.Person != person {
		people = append(people, lead.Person)
	}
	return people
}
