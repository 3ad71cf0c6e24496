package shift

import (
	"context"
	"log/slog"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
)

// Turner makes room for the positions of the days to come and drops those that are no longer anybody's business. Any number of
// replicas may run one.
type Turner struct {
	positions Positions
	days      int
	log       *slog.Logger
}

// NewTurner makes one that keeps positions for some days, unless they belong to work.
func NewTurner(positions Positions, days int, log *slog.Logger) *Turner {
	return &Turner{positions, days, log}
}

// turnEvery is much less than the two days for which there is always room ahead.
const turnEvery = time.Hour

// Run turns until the context ends.
func (t *Turner) Run(ctx context.Context) {
	duty.Rounds{What: "turning the positions' days", Every: turnEvery, Log: t.log}.Run(ctx, t.Turn)
}

// Turn does it once.
func (t *Turner) Turn(ctx context.Context) error {
	dropped, err := t.positions.Turn(ctx, t.days)
	if err == nil && dropped > 0 {
		t.log.InfoContext(ctx, "positions dropped", "days", dropped)
	}
	return err
}
