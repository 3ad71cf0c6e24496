package httpapi

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/safety"
)

// Duty is what the API asks of the dispatch room.
type Duty interface {
	Commands
	Tasks
	HardMoments
}

// Commands change things, or weigh what would be if they did.
type Commands interface {
	Dispatch(ctx context.Context, actor duty.Actor, cmd duty.Command, order dispatch.DispatchOrder) (dispatch.Answer, error)
	Do(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step dispatch.Step) (dispatch.Answer, error)
	Observe(ctx context.Context, actor duty.Actor, cmd duty.Command, said []dispatch.Statement) (dispatch.Observed, error)
	Ask(ctx context.Context, actor duty.Actor, facts law.Facts) (law.Ruling, error)
}

// Tasks shows tasks.
type Tasks interface {
	Task(ctx context.Context, actor duty.Actor, id uuid.UUID) (dispatch.View, error)
	Tasks(ctx context.Context, actor duty.Actor, filter dispatch.Filter) ([]dispatch.Task, error)
	History(ctx context.Context, actor duty.Actor, id uuid.UUID) (dispatch.History, error)
	Candidates(ctx context.Context, actor duty.Actor, q dispatch.Question) (dispatch.Candidates, error)
	Solo(ctx context.Context, actor duty.Actor, filter dispatch.SoloFilter) (dispatch.SoloList, error)
}

// HardMoments are what a unit and those who answer for it ask of each other beside the task's plain course.
type HardMoments interface {
	DecideRecusal(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step dispatch.DecideRecusal) (dispatch.Answer, error)
	ChangeActs(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step dispatch.ChangeActs) (dispatch.Answer, error)
	Recusals(ctx context.Context, actor duty.Actor, f dispatch.DocketFilter) ([]dispatch.Recusal, error)
	Objections(ctx context.Context, actor duty.Actor, f dispatch.DocketFilter) ([]dispatch.Objection, error)
	Supervision(ctx context.Context, actor duty.Actor, person uuid.UUID, span dispatch.Period) (dispatch.Record, error)
}

// Trials tries proposed laws on what is stored.
type Trials interface {
	Backtest(ctx context.Context, actor duty.Actor, trial dispatch.Trial) (
		run func(ctx context.Context, progress func(dispatch.Progress)) (dispatch.Comparison, error), err error,
	)
}

// Identity is what the API asks of the identity room.
type Identity interface {
	Sessions
	Devices
}

// Sessions lets people in and out.
type Sessions interface {
	SignIn(ctx context.Context, in identity.SignIn) (identity.SignedIn, error)
	Admit(ctx context.Context, asking identity.Asking) (session identity.Session, nextNonce string, err error)
	SignOut(ctx context.Context, actor duty.Actor) error
	ChangePassword(ctx context.Context, actor duty.Actor, current, next string) error
}

// Devices registers and revokes what people work on.
type Devices interface {
	RegisterDevice(
		ctx context.Context, actor duty.Actor, cmd duty.Command, person uuid.UUID, name string, platform identity.Platform,
	) (device identity.Device, replay bool, err error)
	RevokeDevice(ctx context.Context, actor duty.Actor, id uuid.UUID) (identity.Device, error)
	Devices(ctx context.Context, actor duty.Actor, person uuid.UUID) ([]identity.Device, error)
	SetPushToken(ctx context.Context, actor duty.Actor, token string) error
	Enrol(ctx context.Context, actor duty.Actor, asking identity.Asking, key identity.NewKey) (device identity.Device, nextNonce string, err error)
}

// Roster is what the API asks of the roster room.
type Roster interface {
	Organs(ctx context.Context, actor duty.Actor) ([]roster.Organ, error)
	People(ctx context.Context, actor duty.Actor, filter roster.Filter) (people []duty.Person, more bool, err error)
	Person(ctx context.Context, actor duty.Actor, id uuid.UUID) (duty.Person, error)
	Profile(ctx context.Context, actor duty.Actor) (roster.Profile, error)
	SetStatus(ctx context.Context, actor duty.Actor, id uuid.UUID, status law.Status, reason string) (duty.Person, error)
	Transfer(ctx context.Context, actor duty.Actor, id uuid.UUID, organ, reason string) (roster.Moved, error)
	Files
	Obligations
}

// Recruitment takes applicants through the stages and the gate (Art. 9 to 12).
type Recruitment interface {
	Apply(ctx context.Context, actor duty.Actor, cmd duty.Command, a roster.Applicant) (roster.Applicant, error)
	Applicants(ctx context.Context, actor duty.Actor, within duty.Path, after uuid.UUID) (list []roster.Applicant, more bool, err error)
	Applicant(ctx context.Context, actor duty.Actor, id uuid.UUID) (roster.Applicant, error)
	Declare(ctx context.Context, actor duty.Actor, id uuid.UUID, d roster.Declared) (roster.Applicant, error)
	Pass(ctx context.Context, actor duty.Actor, id uuid.UUID, s roster.Stage) (roster.Applicant, error)
	Hire(ctx context.Context, actor duty.Actor, id uuid.UUID, number string) (roster.Applicant, []roster.Headcount, error)
}

// Files bring many people at once.
type Files interface {
	StartImport(ctx context.Context, actor duty.Actor, cmd duty.Command, f roster.File) (roster.ImportJob, error)
	ImportJob(ctx context.Context, actor duty.Actor, id uuid.UUID) (roster.ImportJob, error)
	Export(ctx context.Context, actor duty.Actor, within duty.Path, to io.Writer) error
	Sync(ctx context.Context, actor duty.Actor, b roster.Batch) (roster.Synced, error)
}

// Obligations are what the roster owes the law beside the people: quotas (Art. 7) and what leavers hand back (Art. 35).
type Obligations interface {
	Quotas(ctx context.Context, actor duty.Actor, within duty.Path) ([]roster.Headcount, error)
	SetQuota(ctx context.Context, actor duty.Actor, q roster.NewQuota) (roster.Headcount, error)
	HandBack(ctx context.Context, actor duty.Actor, person uuid.UUID) ([]roster.Owed, error)
	Receive(ctx context.Context, actor duty.Actor, person, thing uuid.UUID) (roster.Owed, error)
}

// Legal is what the API asks of the legal room.
type Legal interface {
	Proposals
	Approvals
}

// Proposals shows and changes the law of organs.
type Proposals interface {
	Law(ctx context.Context, actor duty.Actor, path duty.Path, at time.Time) (legal.View, error)
	Propose(ctx context.Context, actor duty.Actor, cmd duty.Command, draft legal.Draft) (legal.Answer, error)
	Proposals(ctx context.Context, actor duty.Actor, filter legal.Filter) ([]legal.Proposal, error)
	Settle(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, v legal.Verdict, why string) (legal.Answer, error)
}

// Approvals shows and settles what the law leaves to a person.
type Approvals interface {
	Approvals(ctx context.Context, actor duty.Actor, filter legal.ApprovalFilter) ([]legal.Approval, error)
	Judge(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, j legal.Judgement) (legal.ApprovalAnswer, error)
}

// Safety is what the API asks of the safety room.
type Safety interface {
	Alarms
	Checks
}

// Alarms takes calls for help and what becomes of them.
type Alarms interface {
	Raise(ctx context.Context, actor duty.Actor, cmd duty.Command, r safety.Raised) (safety.AlarmAnswer, error)
	Alarm(ctx context.Context, actor duty.Actor, id uuid.UUID) (safety.Alarm, error)
	Alarms(ctx context.Context, actor duty.Actor, filter safety.AlarmFilter) ([]safety.Alarm, error)
	Acknowledge(ctx context.Context, actor duty.Actor, id uuid.UUID, what safety.Receipt) error
	Answer(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, answer safety.Answer) (safety.AlarmAnswer, error)
	Close(
		ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, outcome safety.Outcome, reason string,
	) (safety.AlarmAnswer, error)
}

// Checks asks people at work whether they are well.
type Checks interface {
	Watch(ctx context.Context, actor duty.Actor, task uuid.UUID) (safety.View, error)
	Order(ctx context.Context, actor duty.Actor, task uuid.UUID, every int) (safety.View, error)
	Reply(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, r safety.Replied) (safety.CheckAnswer, error)
}

// Outbox is what the API asks of the outbox room.
type Outbox interface {
	Upload(ctx context.Context, actor duty.Actor, records []string) ([]outbox.Result, error)
	Findings(ctx context.Context, actor duty.Actor, filter outbox.Filter) ([]outbox.Finding, error)
	Close(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, reason string) (f outbox.Finding, replay bool, err error)
	Quarantine(ctx context.Context, actor duty.Actor, filter outbox.Filter) ([]outbox.Held, error)
	Decide(ctx context.Context, actor duty.Actor, cmd duty.Command, device uuid.UUID, v outbox.Verdict) (n int, replay bool, err error)
}

// Tickets lets viewers onto the feed.
type Tickets interface {
	Ticket(ctx context.Context, actor duty.Actor, mine bool) (token string, expires time.Time, err error)
}

// Phones brings phones up to date.
type Phones interface {
	Sync(ctx context.Context, actor duty.Actor, c feed.Cursor) (feed.State, error)
	Bundle(ctx context.Context, actor duty.Actor) (feed.Bundle, error)
}
