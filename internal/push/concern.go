package push

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/dutybound/dutybound/internal/duty"
)

// ConcernKind is the kind of the jobs that bring news about somebody to a task that they are part of.
const ConcernKind = "concern"

type concernArgs struct{ duty.Concern }

func (concernArgs) Kind() string { return ConcernKind }

// Concerns hears news. Hearing it twice does no harm. An error means: again, later.
type Concerns interface {
	Reconsider(ctx context.Context, c duty.Concern) error
}

type concernWorker struct {
	river.WorkerDefaults[concernArgs]
	concerns Concerns
	retry    time.Duration
}

// NextRetry comes back soon: work goes on that may have become unlawful.
func (w *concernWorker) NextRetry(job *river.Job[concernArgs]) time.Time {
	return time.Now().Add(backoff(w.retry, job.JobRow))
}

func (w *concernWorker) Work(ctx context.Context, job *river.Job[concernArgs]) error {
	return w.concerns.Reconsider(ctx, job.Args.Concern)
}
