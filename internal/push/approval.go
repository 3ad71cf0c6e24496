package push

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// ApprovalKind is the kind of the jobs that bring a request before approvers: at once, and again at its deadline.
const ApprovalKind = "approval"

type approvalArgs struct {
	Approval uuid.UUID `json:"approval"`
	Step     string    `json:"step"` // announce, escalate
}

func (approvalArgs) Kind() string { return ApprovalKind }

// Approvals brings requests before approvers. Doing it twice does no harm. An error means: again, later.
type Approvals interface {
	Announce(ctx context.Context, id uuid.UUID) error
	Escalate(ctx context.Context, id uuid.UUID) error
}

type approvalWorker struct {
	river.WorkerDefaults[approvalArgs]
	approvals Approvals
	retry     time.Duration
}

// NextRetry comes back soon: somebody is waiting.
func (w *approvalWorker) NextRetry(job *river.Job[approvalArgs]) time.Time {
	return time.Now().Add(backoff(w.retry, job.JobRow))
}

func (w *approvalWorker) Work(ctx context.Context, job *river.Job[approvalArgs]) error {
	switch job.Args.Step {
	case "announce":
		return w.approvals.Announce(ctx, job.Args.Approval)
	case "escalate":
		return w.approvals.Escalate(ctx, job.Args.Approval)
	default:
		return river.JobCancel(fmt.Errorf("no step %q", job.Args.Step))
	}
}
