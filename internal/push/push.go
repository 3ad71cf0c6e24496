// Package push works off what commands leave behind for later: messages to phones, and requests that are to be brought before
// approvers. They are River jobs, inserted in the deciding transaction, so that each is done if and only if the command was
// committed. At least once: a worker that dies in the middle is done again.
package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/notify"
)

// Kind is the kind of the jobs. Their args are a duty.Push.
const Kind = "push"

type args struct{ duty.Push }

func (args) Kind() string { return Kind }

// Deliverer carries one message to its person. An error means: again, later.
type Deliverer interface {
	Deliver(ctx context.Context, push duty.Push, decided, now time.Time) error
}

// Pace says how the jobs are worked. Zero fields take the value named.
type Pace struct {
	Workers int           // jobs at once: 32
	Timeout time.Duration // for one job: 20 s
	Rescue  time.Duration // a job that runs for longer was a dead process's, and is done again: 90 s (River's own is an hour)
	Poll    time.Duration // when nothing wakes us: 1 s
	Retry   time.Duration // before the second try; doubled from try to try, up to a minute: 1 s
}

func (p *Pace) complete() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&p.Timeout, 20 * time.Second}, {&p.Rescue, 90 * time.Second}, {&p.Poll, time.Second}, {&p.Retry, time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if p.Workers == 0 {
		p.Workers = 32
	}
}

// Runner is the running workers.
type Runner struct {
	client *river.Client[pgx.Tx]
}

const fetchCooldown = 20 * time.Millisecond // River's 100 ms would be the latency of each push; less costs the database more

// Worker is one more kind of jobs that is worked off.
type Worker func(*river.Workers, Pace) error

// Start sets workers to the jobs of a database. The pool's role needs to read and write River's tables, and one connection of it is
// kept for listening.
func Start(ctx context.Context, pool *pgxpool.Pool, deliverer Deliverer, approvals Approvals, concerns Concerns, log *slog.Logger, pace Pace, more ...Worker) (*Runner, error) {
	pace.complete()
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{deliverer: deliverer, retry: pace.Retry}); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	if err := river.AddWorkerSafely(workers, &approvalWorker{approvals: approvals, retry: pace.Retry}); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	if err := river.AddWorkerSafely(workers, &concernWorker{concerns: concerns, retry: pace.Retry}); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	for _, add := range more {
		if err := add(workers, pace); err != nil {
			return nil, fmt.Errorf("push: %w", err)
		}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: pace.Workers}},
		Workers:              workers,
		JobTimeout:           pace.Timeout,
		RescueStuckJobsAfter: pace.Rescue,
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    pace.Poll,
		Logger:               log,
		ReindexerIndexNames:  []string{}, // only the owner of the tables may, and the server is not
	})
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	return &Runner{client}, nil
}

// Stop takes no more jobs and waits for those at work; when the context ends first they are broken off, and done again later.
func (r *Runner) Stop(ctx context.Context) error {
	err := r.client.Stop(ctx)
	if err == nil {
		return nil
	}
	brief, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(err, r.client.StopAndCancel(brief))
}

type worker struct {
	river.WorkerDefaults[args]
	deliverer Deliverer
	retry     time.Duration
}

// Work delivers one message. When the push service names a time, the job sleeps until then.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	err := w.deliverer.Deliver(ctx, job.Args.Push, job.CreatedAt, time.Now())
	var failure *notify.Failure
	if errors.As(err, &failure) && failure.After > 0 {
		return river.JobSnooze(failure.After)
	}
	return err
}

const longestRetry = time.Minute

// NextRetry comes back soon: somebody is waiting in the street. The message's own life ends the trying.
func (w *worker) NextRetry(job *river.Job[args]) time.Time {
	return time.Now().Add(backoff(w.retry, job.JobRow))
}

func backoff(first time.Duration, job *rivertype.JobRow) time.Duration {
	return min(first<<min(len(job.Errors), 10), longestRetry)
}
