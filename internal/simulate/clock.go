package simulate

import (
	"context"
	"time"
)

// pace turns simulated time into real time.
type pace struct {
	speed float64
	began time.Time
}

func (p pace) real(simulated time.Duration) time.Duration {
	return time.Duration(float64(simulated) / p.speed)
}

// now is how much simulated time has gone by.
func (p pace) now() time.Duration { return time.Duration(float64(time.Since(p.began)) * p.speed) }

// pass lets simulated time go by.
func (p pace) pass(ctx context.Context, simulated time.Duration) error {
	return rest(ctx, p.real(simulated))
}

// rest lets real time go by.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
