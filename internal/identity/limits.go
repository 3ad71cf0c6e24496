package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
)

// Limiter counts tries. It never fails open: when what it counts with is gone, it counts in the process.
type Limiter interface {
	// Allow counts a try under a key and says whether it is within the limit for the window, and if not, when to try again.
	Allow(ctx context.Context, key string, limit int, window time.Duration) (ok bool, retryAfter time.Duration)
}

// Wait is the cause of a fault.TooMany: how long to wait before trying again.
type Wait time.Duration

func (w Wait) Error() string { return fmt.Sprintf("try again in %s", time.Duration(w)) }

// Limits says how many tries there are in a window.
type Limits struct{ Limiter }

const (
	window = 10 * time.Minute
	// One number from one address: a person who mistypes.
	triesOfOne = 10
	// One number from anywhere: guessing spread over many addresses, and no way to lock somebody out with a handful of tries.
	triesOfNumber = 100
	// One address: a station signs in through one address at the change of shift.
	triesOfAddress = 600
)

func (l Limits) signIn(ctx context.Context, in SignIn) error {
	for _, try := range []struct {
		key   string
		limit int
	}{
		{"sign-in:@" + in.Address, triesOfAddress}, // first: one address cannot fill the memory with made-up numbers
		{"sign-in:" + in.Number + "@" + in.Address, triesOfOne},
		{"sign-in:" + in.Number, triesOfNumber},
	} {
		if err := l.allow(ctx, try.key, try.limit); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) password(ctx context.Context, person uuid.UUID) error {
	return l.allow(ctx, "password:"+person.String(), triesOfOne)
}

func (l Limits) allow(ctx context.Context, key string, limit int) error {
	ok, wait := l.Allow(ctx, key, limit, window)
	if ok {
		return nil
	}
	return fault.New(fault.TooMany, "too_many_requests", "尝试次数过多，请稍后再试", "too many tries; wait before the next one").Because(Wait(wait))
}
