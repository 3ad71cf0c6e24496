package demo

import (
	"time"

	"github.com/dutybound/dutybound/internal/roster"
)

// Plan is the demo roster as it is entered.
func Plan(now time.Time) roster.Order { return newPlan(now).order() }
