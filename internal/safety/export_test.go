package safety

import (
	"time"

	"github.com/dutybound/dutybound/internal/duty"
)

// Step shows tests what time does to a watch.
func (s *Scene) Step() Step { return s.step() }

// Colour shows tests how a member looks.
func (c *Check) Colour(now time.Time, alarm *Alarm) Colour { return c.colour(now, alarm) }

// LookAt, SayOf, SettleOn and AgainOn are the decisions, without a database.
func (s *Service) LookAt(scene Scene) (Looked, error) { return s.look(scene) }

func (s *Service) SayOf(scene Scene, actor duty.Actor, who Who, r Replied) (Looked, error) {
	return s.reply(scene, actor, who, r)
}

func (s *Service) SettleOn(p Press, m Moment) (Decided, error) { return s.settle(p, m) }

func (s *Service) AgainOn(m Moment, round int) (Decided, error) { return s.again(m, round) }

// FirstOf shows tests whom an alarm is brought before.
func (s *Service) FirstOf(p Press, around Around, now time.Time) ([]Helper, duty.Path) {
	a := Alarm{Person: p.Person, Place: p.Place}
	return first(&a, around, p.Organ.Employs(), s.locate, now)
}
