package push

import (
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Retries says for each kind of jobs when one that has just failed so often is tried again, at the usual pace.
func Retries(failures int) map[string]time.Time {
	var pace Pace
	pace.complete()
	row := &rivertype.JobRow{Errors: make([]rivertype.AttemptError, failures-1)} // River counts the one of this time afterwards
	return map[string]time.Time{
		Kind:         (&worker{retry: pace.Retry}).NextRetry(&river.Job[args]{JobRow: row}),
		ApprovalKind: (&approvalWorker{retry: pace.Retry}).NextRetry(&river.Job[approvalArgs]{JobRow: row}),
		ConcernKind:  (&concernWorker{retry: pace.Retry}).NextRetry(&river.Job[concernArgs]{JobRow: row}),
		AlarmKind:    (&alarmWorker{retry: pace.Retry}).NextRetry(&river.Job[alarmArgs]{JobRow: row}),
	}
}
