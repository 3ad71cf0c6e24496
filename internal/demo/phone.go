package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	handset "github.com/dutybound/dutybound/api/phone"
)

// phone is somebody with their device in hand: signed in, and speaking to the server only through its public API.
type phone struct {
	account Account
	person  uuid.UUID
	api     *api.ClientWithResponses
	issued  bool         // for this morning, with a key of its own
	key     *handset.Key // of an issued one
	onDuty  bool         // checked in by the story
}

// answer is what a command got back.
type answer struct {
	refused bool // by law
	task    api.Task
	ruling  *api.Ruling // nil where the law had nothing to rule on
	replay  bool        // answered from what was stored
}

// errUnknown is a sign-in that was refused: the server knows nobody of the demo's, or not with that password.
var errUnknown = errors.New("unknown")

// signIn signs somebody in; keyed: on a phone that makes a key and signs every request with it.
func signIn(ctx context.Context, baseURL string, doer *http.Client, account Account, keyed bool) (p *phone, err error) {
	who := api.SignIn{PersonNumber: account.Number, Password: account.Password, Device: account.Device}
	var signs *handset.Transport
	if keyed {
		if doer, signs, err = signing(doer, &who); err != nil {
			return nil, err
		}
	}
	stranger, err := api.NewClientWithResponses(baseURL, api.WithHTTPClient(doer))
	if err != nil {
		return nil, err
	}
	in, err := stranger.SignInWithResponse(ctx, who)
	if err != nil {
		return nil, err
	}
	if no := in.ApplicationProblemJSON4XX; no != nil && no.Code == "sign_in_failed" {
		return nil, errUnknown
	}
	if in.JSON201 == nil {
		return nil, unexpected(in)
	}
	p = &phone{account: account, api: stranger, issued: keyed}
	if keyed {
		p.key = signs.Key
		signs.SignedIn(in.JSON201.Token)
	} else if p.api, err = api.NewClientWithResponses(baseURL, api.WithHTTPClient(doer), api.WithRequestEditorFn(bearer(in.JSON201.Token))); err != nil {
		return nil, err
	}
	me, err := p.api.GetMeWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	if me.JSON200 == nil {
		return nil, unexpected(me)
	}
	p.person = me.JSON200.Person.ID
	return p, nil
}

func bearer(token string) api.RequestEditorFn {
	return func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

func (p *phone) signOut(ctx context.Context) error {
	if p.issued {
		return p.handIn(ctx)
	}
	out, err := p.api.SignOutWithResponse(ctx)
	if err != nil {
		return err
	}
	if out.StatusCode() != http.StatusNoContent {
		return unexpected(out)
	}
	return nil
}

// reachable tells the server where pushes reach the phone. The token is made up: only the local endpoint of `make run` takes it.
func (p *phone) reachable(ctx context.Context) error {
	got, err := p.api.SetPushTokenWithResponse(ctx, api.PushToken{Token: "demo-" + p.account.Number})
	if err != nil {
		return err
	}
	if got.StatusCode() != http.StatusNoContent {
		return unexpected(got)
	}
	return nil
}

// ticket fetches a one-time ticket for the feed.
func (p *phone) ticket(ctx context.Context) (string, error) {
	got, err := p.api.CreateFeedTicketWithResponse(ctx, api.FeedWish{})
	if err != nil {
		return "", err
	}
	if got.JSON201 == nil {
		return "", unexpected(got)
	}
	return got.JSON201.Ticket, nil
}

// acts is the catalogue's name of each act.
func (p *phone) acts(ctx context.Context) (map[string]text, error) {
	got, err := p.api.ListActsWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	if got.JSON200 == nil {
		return nil, unexpected(got)
	}
	names := map[string]text{}
	for _, act := range got.JSON200.Acts {
		names[act.Code] = text{act.Name.Zh, act.Name.En}
	}
	return names, nil
}

func (p *phone) dispatch(ctx context.Context, key uuid.UUID, order api.DispatchOrder) (answer, error) {
	got, err := p.api.DispatchTaskWithResponse(ctx, &api.DispatchTaskParams{IdempotencyKey: key}, order)
	if err != nil {
		return answer{}, err
	}
	a, err := settle(got, got.JSON201)
	a.replay = got.Headers201 != nil && got.Headers201.IdempotentReplayed != nil
	return a, err
}

// clashes says whether the server refuses to take a key for another order than the one it first came with.
func (p *phone) clashes(ctx context.Context, key uuid.UUID, order api.DispatchOrder) (bool, error) {
	got, err := p.api.DispatchTaskWithResponse(ctx, &api.DispatchTaskParams{IdempotencyKey: key}, order)
	if err != nil {
		return false, err
	}
	no := got.ApplicationProblemJSON422
	return no != nil && no.Code == "command_mismatch", nil
}

func (p *phone) acknowledge(ctx context.Context, task uuid.UUID) (answer, error) {
	return settled(p.api.AcknowledgeTaskWithResponse(ctx, task, &api.AcknowledgeTaskParams{IdempotencyKey: newKey()}))
}

func (p *phone) accept(ctx context.Context, task uuid.UUID) (answer, error) {
	return settled(p.api.AcceptTaskWithResponse(ctx, task, &api.AcceptTaskParams{IdempotencyKey: newKey()}))
}

func (p *phone) decline(ctx context.Context, task uuid.UUID, reason string) (answer, error) {
	return settled(p.api.DeclineTaskWithResponse(ctx, task, &api.DeclineTaskParams{IdempotencyKey: newKey()}, api.WithReason{Reason: reason}))
}

func (p *phone) start(ctx context.Context, task uuid.UUID, said []api.Statement) (answer, error) {
	return settled(p.api.StartTaskWithResponse(ctx, task, &api.StartTaskParams{IdempotencyKey: newKey()}, api.WithStatements{Statements: said}))
}

func (p *phone) pause(ctx context.Context, task uuid.UUID, reason string) (answer, error) {
	return settled(p.api.PauseTaskWithResponse(ctx, task, &api.PauseTaskParams{IdempotencyKey: newKey()}, api.WithReason{Reason: reason}))
}

func (p *phone) resume(ctx context.Context, task uuid.UUID) (answer, error) {
	return settled(p.api.ResumeTaskWithResponse(ctx, task, &api.ResumeTaskParams{IdempotencyKey: newKey()}, api.WithStatements{}))
}

func (p *phone) finish(ctx context.Context, task uuid.UUID, report string) (answer, error) {
	return settled(p.api.FinishTaskWithResponse(ctx, task, &api.FinishTaskParams{IdempotencyKey: newKey()}, api.Report{Report: report}))
}

func (p *phone) cancel(ctx context.Context, task uuid.UUID, reason string) (answer, error) {
	return settled(p.api.CancelTaskWithResponse(ctx, task, &api.CancelTaskParams{IdempotencyKey: newKey()}, api.WithReason{Reason: reason}))
}

func (p *phone) reassign(ctx context.Context, task uuid.UUID, change api.Reassignment) (answer, error) {
	return settled(p.api.ReassignTaskWithResponse(ctx, task, &api.ReassignTaskParams{IdempotencyKey: newKey()}, change))
}

func (p *phone) showCode(ctx context.Context, task uuid.UUID, code string) (answer, error) {
	return settled(p.api.ShowCodeWithResponse(ctx, task, &api.ShowCodeParams{IdempotencyKey: newKey()}, api.LeadCode{Code: code}))
}

func (p *phone) enterCode(ctx context.Context, task uuid.UUID, code string) (answer, error) {
	return settled(p.api.EnterCodeWithResponse(ctx, task, &api.EnterCodeParams{IdempotencyKey: newKey()}, api.LeadCode{Code: code}))
}

func (p *phone) takeLead(ctx context.Context, task uuid.UUID, code string) (answer, error) {
	return settled(p.api.TakeLeadWithResponse(ctx, task, &api.TakeLeadParams{IdempotencyKey: newKey()}, api.LeadTaking{Code: &code}))
}

// shownTask is a task as the phone shows it.
type shownTask struct{ api.Task }

// mayGoOn is what somebody may go on with while nobody leads.
func (t shownTask) mayGoOn(person uuid.UUID) []string {
	for _, f := range t.Fallback {
		if f.Person == person {
			return f.Acts
		}
	}
	return nil
}

func (p *phone) task(ctx context.Context, task uuid.UUID) (shownTask, error) {
	got, err := p.api.GetTaskWithResponse(ctx, task)
	if err != nil {
		return shownTask{}, err
	}
	if got.JSON200 == nil {
		return shownTask{}, unexpected(got)
	}
	return shownTask{got.JSON200.Task}, nil
}

// observe states facts; the server never refuses them.
func (p *phone) observe(ctx context.Context, said []api.ObservedStatement) error {
	got, err := p.api.ObserveWithResponse(ctx, &api.ObserveParams{IdempotencyKey: newKey()}, api.Observations{Statements: said})
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return unexpected(got)
	}
	return nil
}

func (p *phone) history(ctx context.Context, task uuid.UUID) (*api.TaskHistory, error) {
	got, err := p.api.GetTaskHistoryWithResponse(ctx, task)
	if err != nil {
		return nil, err
	}
	if got.JSON200 == nil {
		return nil, unexpected(got)
	}
	return got.JSON200, nil
}

// finds says whether the phone's person can see a task at all.
func (p *phone) finds(ctx context.Context, task uuid.UUID) (bool, error) {
	got, err := p.api.GetTaskWithResponse(ctx, task)
	if err != nil {
		return false, err
	}
	if got.JSON200 == nil && got.StatusCode() != http.StatusNotFound {
		return false, unexpected(got)
	}
	return got.JSON200 != nil, nil
}

// newCode is what a phone shows for the other side to enter.
func newCode() string { return fmt.Sprintf("%08d", rand.N(100_000_000)) }

// newKey is the id a device gives a command.
func newKey() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// response is what every generated response can tell.
type response interface {
	Status() string
	GetBody() []byte
}

// command is the response of a command.
type command interface {
	response
	GetApplicationProblemJSON422() *api.Refused
}

// settled reads the response of a step on a task that exists.
func settled[R interface {
	command
	GetJSON200() *api.Answered
}](got R, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return settle(got, got.GetJSON200())
}

func settle(got command, done *api.TaskAnswer) (answer, error) {
	if done != nil {
		return answer{task: done.Task, ruling: done.Ruling}, nil
	}
	if no := got.GetApplicationProblemJSON422(); no != nil && no.Ruling != nil {
		return answer{refused: true, ruling: no.Ruling}, nil
	}
	return answer{}, unexpected(got)
}

func unexpected(got response) error {
	return fmt.Errorf("%s: %.500s", got.Status(), got.GetBody())
}

// now is when a phone says it saw something: testimony, by its own clock.
func now() time.Time { return time.Now() }
