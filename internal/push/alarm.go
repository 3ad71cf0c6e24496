package push

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// AlarmKind is the kind of the jobs that bring an alarm before people once more, until somebody answers.
const AlarmKind = "alarm"

type alarmArgs struct {
	Alarm uuid.UUID `json:"alarm"`
	Round int       `json:"round"` // that this job follows
}

func (alarmArgs) Kind() string { return AlarmKind }

// Alarms repeats alarms. Doing it twice does no harm. An error means: again, later.
type Alarms interface {
	Repeat(ctx context.Context, alarm uuid.UUID, round int) error
}

// RepeatAlarms works off the rounds of alarms.
func RepeatAlarms(alarms Alarms) Worker {
	return func(workers *river.Workers, pace Pace) error {
		return river.AddWorkerSafely(workers, &alarmWorker{alarms: alarms, retry: pace.Retry})
	}
}

type alarmWorker struct {
	river.WorkerDefaults[alarmArgs]
	alarms Alarms
	retry  time.Duration
}

// NextRetry comes back soon: somebody is in danger.
func (w *alarmWorker) NextRetry(job *river.Job[alarmArgs]) time.Time {
	return time.Now().Add(backoff(w.retry, job.JobRow))
}

func (w *alarmWorker) Work(ctx context.Context, job *river.Job[alarmArgs]) error {
	return w.alarms.Repeat(ctx, job.Args.Alarm, job.Args.Round)
}
