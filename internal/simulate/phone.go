package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	handset "github.com/dutybound/dutybound/api/phone"
)

// phone is somebody with a device in hand, which has a key of its own.
type phone struct {
	*city
	index    int
	number   string
	account  Account
	renewed  bool // instead of one that was stolen: it does not have every message of the time before
	person   uuid.UUID
	device   uuid.UUID
	api      *api.ClientWithResponses
	box      *handset.Outbox
	clockOff time.Duration
	booted   time.Time

	tracking sync.Mutex // held while positions are sent, and while a shift begins or ends
	place    place
	copy     copyOfDuty
	written  map[uuid.UUID]written
	feed     *watcher // nil: this phone does not watch
}

// copyOfDuty is what the phone has of the server's state.
type copyOfDuty struct {
	mu      sync.Mutex
	through *int64
	mark    string
	first   int64 // the cursor of the first sync
	tasks   map[uuid.UUID]int
	mine    []uuid.UUID // tasks that the phone was sent on since
	joined  []uuid.UUID // tasks that it came to when they were under way: it was not shown their beginning

	messages map[uuid.UUID]api.PhoneMessage
}

// refusal is an answer that is none.
type refusal struct {
	what   string
	status int
	body   string
}

func (r refusal) Error() string { return fmt.Sprintf("%s: %d %.600s", r.what, r.status, r.body) }

// response is what every generated response can tell.
type response interface {
	StatusCode() int
	GetBody() []byte
}

func refused(what string, got response) error {
	return refusal{what, got.StatusCode(), string(got.GetBody())}
}

// stamped hands the phone every answer's time of the server.
type stamped struct {
	base http.RoundTripper
	saw  func(time.Time)
}

// RoundTrip implements http.RoundTripper.
func (s stamped) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := s.base.RoundTrip(request)
	if err == nil {
		if at, wrong := http.ParseTime(answer.Header.Get("Date")); wrong == nil {
			s.saw(at)
		}
	}
	return answer, err
}

// switchOn makes a key, signs in with it and opens the outbox.
func (p *phone) switchOn(ctx context.Context, who Account, device uuid.UUID) (err error) {
	p.number, p.device = who.Number, device
	p.booted = time.Now()
	p.clockOff = clockError(p.config.Seed, p.index)
	key, err := handset.NewKey()
	if err != nil {
		return err
	}
	clock := handset.Clock{Wall: p.wall, Since: func() time.Duration { return time.Since(p.booted) }, Boot: uuid.NewString()}
	if p.box, err = handset.OpenOutbox(filepath.Join(p.config.Dir, device.String()), key, device, clock); err != nil {
		return err
	}
	transport := &handset.Transport{Key: key, Base: stamped{p.meter, p.box.SawServer}}
	if p.api, err = api.NewClientWithResponses(p.config.Server, api.WithHTTPClient(&http.Client{Transport: transport, Timeout: patience})); err != nil {
		return err
	}
	jwk := key.JWK()
	in, err := p.api.SignInWithResponse(ctx, api.SignIn{
		PersonNumber: who.Number, Password: who.Password, Device: device,
		DeviceKey: &api.NewDeviceKey{Jwk: api.JWK{Kty: api.JWKKty(jwk.Type), Crv: api.JWKCrv(jwk.Curve), X: jwk.X, Y: jwk.Y}},
	})
	if err != nil {
		return err
	}
	if in.JSON201 == nil {
		return refused(who.Number+" signs in", in)
	}
	transport.SignedIn(in.JSON201.Token)
	p.copy.tasks, p.copy.messages, p.written = map[uuid.UUID]int{}, map[uuid.UUID]api.PhoneMessage{}, map[uuid.UUID]written{}
	return nil
}

// wall is the phone's own clock, which may be wrong.
func (p *phone) wall() time.Time { return time.Now().Add(p.clockOff) }

// patience is how long a phone waits for an answer.
const patience = 20 * time.Second

// attempts is how often a phone sends a command to which it hears no answer.
const attempts = 5

// kindOfStep is what the event of a step is called.
var kindOfStep = map[string]string{
	"acknowledge": "task.acknowledged", "accept": "task.accepted", "start": "task.started", "pause": "task.paused", "resume": "task.resumed",
	"finish": "task.finished", "cancel": "task.cancelled", "lead/code": "lead.code_shown", "lead/confirm": "lead.confirmed",
	"lead/take": "task.lead_named",
}

// command sends something under a key of its own until it is answered. One time in eight it is sent once more after that, and one time in
// sixteen twice at the same moment.
func (p *phone) command(ctx context.Context, chance *rand.Rand, kind string, send func(key uuid.UUID) (*api.TaskAnswer, error)) (api.Task, error) {
	key, again := uuid.Must(uuid.NewV7()), chance.IntN(16)
	var twin sync.WaitGroup
	var other *api.TaskAnswer
	if again == 2 {
		twin.Go(func() { other, _ = insists(ctx, key, send) }) // its error is this one's
	}
	answer, err := insists(ctx, key, send)
	twin.Wait()
	if err != nil {
		if unanswered(ctx, err) {
			p.evidence.unsure(kind, p.person)
		}
		return api.Task{}, fmt.Errorf("%s: %w", p.number, err)
	}
	p.evidence.acked(Acked{p.number, answer.Task.ID, kind, p.person, answer.Task.Version})
	if other != nil {
		p.evidence.repeated(Repeat{p.number, kind, answer.Task.ID, other.Task.ID, answer.Task.Version, other.Task.Version})
	}
	if again < 2 {
		p.repeats(ctx, kind, answer.Task, key, send)
	}
	return answer.Task, nil
}

// insists sends a command again to which it hears no answer.
func insists[T any](ctx context.Context, key uuid.UUID, send func(key uuid.UUID) (*T, error)) (*T, error) {
	for try := 1; ; try++ {
		answer, err := send(key)
		if err == nil || !unanswered(ctx, err) || try == attempts {
			return answer, err
		}
		if err := rest(ctx, time.Duration(try)*100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// repeats sends a command again that was answered: the answer must be the same.
func (p *phone) repeats(ctx context.Context, kind string, first api.Task, key uuid.UUID, send func(key uuid.UUID) (*api.TaskAnswer, error)) {
	again, err := insists(ctx, key, send)
	switch {
	case err == nil:
		p.evidence.repeated(Repeat{p.number, kind, first.ID, again.Task.ID, first.Version, again.Task.Version})
	case !unanswered(ctx, err):
		p.evidence.repeated(Repeat{p.number, kind + " (" + err.Error() + ")", first.ID, uuid.Nil, first.Version, 0})
	}
}

// unanswered says that nobody knows whether a command was carried out, or that it is still being.
func unanswered(ctx context.Context, err error) bool {
	var r refusal
	if !errors.As(err, &r) {
		return ctx.Err() == nil
	}
	return r.status >= http.StatusInternalServerError || strings.Contains(r.body, `"command_running"`)
}

// steps on a task that exists.
type steps struct {
	said   []api.Statement
	reason string
	code   string
}

func (p *phone) step(ctx context.Context, chance *rand.Rand, task uuid.UUID, name string, with steps) (api.Task, error) {
	return p.command(ctx, chance, kindOfStep[name], func(key uuid.UUID) (*api.TaskAnswer, error) {
		return p.send(ctx, key, task, name, with)
	})
}

func (p *phone) send(ctx context.Context, key, task uuid.UUID, name string, with steps) (*api.TaskAnswer, error) {
	switch name {
	case "accept":
		return settled(name)(p.api.AcceptTaskWithResponse(ctx, task, &api.AcceptTaskParams{IdempotencyKey: key}))
	case "start":
		return settled(name)(p.api.StartTaskWithResponse(ctx, task, &api.StartTaskParams{IdempotencyKey: key}, api.WithStatements{Statements: with.said}))
	case "pause":
		return settled(name)(p.api.PauseTaskWithResponse(ctx, task, &api.PauseTaskParams{IdempotencyKey: key}, api.WithReason{Reason: with.reason}))
	case "resume":
		return settled(name)(p.api.ResumeTaskWithResponse(ctx, task, &api.ResumeTaskParams{IdempotencyKey: key}, api.WithStatements{Statements: with.said}))
	case "finish":
		return settled(name)(p.api.FinishTaskWithResponse(ctx, task, &api.FinishTaskParams{IdempotencyKey: key}, api.Report{Report: with.reason}))
	case "cancel":
		return settled(name)(p.api.CancelTaskWithResponse(ctx, task, &api.CancelTaskParams{IdempotencyKey: key}, api.WithReason{Reason: with.reason}))
	case "lead/code":
		return settled(name)(p.api.ShowCodeWithResponse(ctx, task, &api.ShowCodeParams{IdempotencyKey: key}, api.LeadCode{Code: with.code}))
	case "lead/confirm":
		return settled(name)(p.api.EnterCodeWithResponse(ctx, task, &api.EnterCodeParams{IdempotencyKey: key}, api.LeadCode{Code: with.code}))
	case "lead/take":
		return settled(name)(p.api.TakeLeadWithResponse(ctx, task, &api.TakeLeadParams{IdempotencyKey: key}, api.LeadTaking{Code: &with.code}))
	}
	return nil, fmt.Errorf("no step %q", name)
}

// stepped is the response of a step.
type stepped interface {
	response
	GetJSON200() *api.Answered
}

func settled(name string) func(stepped, error) (*api.TaskAnswer, error) {
	return func(got stepped, err error) (*api.TaskAnswer, error) {
		if err != nil {
			return nil, err
		}
		if done := got.GetJSON200(); done != nil {
			return done, nil
		}
		return nil, refused(name, got)
	}
}

// dispatches sends people to work and notes that their phones are to have it.
func (p *phone) dispatches(ctx context.Context, chance *rand.Rand, order api.DispatchOrder, involved ...*phone) (api.Task, error) {
	task, err := p.command(ctx, chance, "task.dispatched", func(key uuid.UUID) (*api.TaskAnswer, error) {
		got, err := p.api.DispatchTaskWithResponse(ctx, &api.DispatchTaskParams{IdempotencyKey: key}, order)
		if err != nil {
			return nil, err
		}
		if got.JSON201 == nil {
			return nil, refused("dispatch", got)
		}
		return got.JSON201, nil
	})
	if err != nil {
		return task, err
	}
	for _, on := range append(involved, p) {
		on.copy.mu.Lock()
		on.copy.mine = append(on.copy.mine, task.ID)
		on.copy.mu.Unlock()
	}
	return task, nil
}

// joins notes that a phone is to have a task from now on.
func (c *copyOfDuty) joins(task uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joined = append(c.joined, task)
}

// leaves notes that a phone need not have a task any longer.
func (c *copyOfDuty) leaves(task uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	isIt := func(id uuid.UUID) bool { return id == task }
	c.mine, c.joined = slices.DeleteFunc(c.mine, isIt), slices.DeleteFunc(c.joined, isIt)
}

// states says something about oneself. It is never refused.
func (p *phone) states(ctx context.Context, said ...api.ObservedStatement) error {
	got, err := p.api.ObserveWithResponse(ctx, &api.ObserveParams{IdempotencyKey: uuid.Must(uuid.NewV7())}, api.Observations{Statements: said})
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return refused(p.number+" observes", got)
	}
	return nil
}

func (p *phone) recording() api.ObservedStatement {
	return api.ObservedStatement{Fact: api.FactRecording, Value: "on", ObservedAt: p.wall()}
}

// dressed is what one states as the work begins.
func dressed() []api.Statement {
	return []api.Statement{{Fact: api.FactUniform, Value: "yes"}, {Fact: api.FactIDCard, Value: "yes"}, {Fact: api.FactRecording, Value: "on"}}
}
