package app

import (
	"time"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

// books is the law by which an organ's tasks are judged.
func books(duty.Organ) dispatch.Book { return law.Default() }

// gates is the law on recruitment, as an organ reads it.
func gates(duty.Organ) roster.Gate { return law.Default() }

// Book is the law that a stored ruling is derived again by.
func Book(dispatch.RulingRecord) dispatch.Book { return law.Default() }

// Laws are the books that a back-test compares. Library has the proposed edition.
type Laws struct{ Library *law.Library }

// Proposed is the same for every organ.
func (l Laws) Proposed(s law.Settings) (func(duty.Path) dispatch.Decider, error) {
	book, err := l.Library.Book(law.DefaultRulebook, s)
	if err != nil {
		return nil, err
	}
	return func(duty.Path) dispatch.Decider { return book }, nil
}

// Applied is the law as it is shipped.
func (Laws) Applied(duty.Path, time.Time) dispatch.Decider { return law.Default() }
