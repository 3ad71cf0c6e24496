package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Trials tries what an organ's legal department thinks of deciding, on what was decided, before it is decided.
type Trials struct {
	archive Archive
	laws    Laws
	running sync.Mutex // one at a time: it takes what it can get of the machine that duty runs on
}

// Laws are the books that trials compare.
type Laws interface {
	// Proposed is the law of each organ as it would be with the settings on top of its own. What cannot be set is *law.InputError.
	Proposed(ctx context.Context, s law.Settings) (func(organ duty.Path) Decider, error)
	// Applied is the law of each organ as it was at a moment.
	Applied(ctx context.Context) (func(organ duty.Path, at time.Time) Decider, error)
}

// NewTrials makes the room's archive of trials.
func NewTrials(archive Archive, laws Laws) *Trials { return &Trials{archive: archive, laws: laws} }

// Trial is what would be set, and the time to try it on.
type Trial struct {
	From, To time.Time
	Settings law.Settings
}

// backtestWorkers leave room for duty: a back-test is nobody's emergency.
const backtestWorkers = 2

// Backtest prepares a trial over what the actor may see of the archive; what is wrong with it is told before it begins. Run must be
// called, once.
func (t *Trials) Backtest(
	ctx context.Context, actor duty.Actor, trial Trial,
) (run func(ctx context.Context, progress func(Progress)) (Comparison, error), err error) {
	if err := duty.Require(actor, duty.BacktestLaw); err != nil {
		return nil, err
	}
	if !trial.From.Before(trial.To) {
		return nil, fault.BadField("body/to", "must be later than from")
	}
	proposed, err := t.laws.Proposed(ctx, trial.Settings)
	if err != nil {
		return nil, err
	}
	applied, err := t.laws.Applied(ctx)
	if err != nil {
		return nil, err
	}
	if !t.running.TryLock() {
		return nil, fault.New(fault.Running, "backtest_running", "已有一项回溯测试正在进行，请稍后再试", "another back-test is running; try again later")
	}
	b := Backtest{
		Archive: t.archive, Span: Span{From: trial.From, To: trial.To, Within: actor.Reach(duty.BacktestLaw)},
		Proposed: proposed, Before: applied, Workers: backtestWorkers,
	}
	return func(ctx context.Context, progress func(Progress)) (Comparison, error) {
		defer t.running.Unlock()
		b.Progress = progress
		return b.Run(ctx)
	}, nil
}
