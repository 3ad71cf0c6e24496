package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Book is the law as this room asks it.
type Book interface {
	Rule(f *law.Facts) (law.Ruling, error)
	// PermittingItem is the item of the statute that permits an act to some auxiliary ("cq-2021 15(1)"); false when none does.
	PermittingItem(act string) (string, bool)
	// Led says whether any of the acts is permitted only under the lead of an officer (Art. 16).
	Led(acts []string) bool
	// Holding are the acts that need no officer and hold a scene: keeping order, protecting it, rescue (Art. 15).
	Holding() []string
	// Screen answers one question about many people.
	Screen(question law.Facts) *law.Screen
}

// Books finds the book of an organ's law.
type Books func(duty.Law) (Book, error)

// Service carries out commands and observations on tasks.
type Service struct {
	store    Store
	books    Books
	fresh    Freshness
	patience time.Duration
	newID    func() uuid.UUID
	nearby   Nearby // nil: those on duty at the organ
}

// New makes the service. Patience is how long an approver may take over an urgent task.
func New(store Store, books Books, fresh Freshness, patience time.Duration) *Service {
	return &Service{store: store, books: books, fresh: fresh, patience: patience, newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}
}

// Dispatch gives an order to a unit. A refusal by law makes no task; the ruling and the attempt are kept (Art. 42).
func (s *Service) Dispatch(ctx context.Context, actor duty.Actor, cmd duty.Command, order DispatchOrder) (Answer, error) {
	if err := duty.Require(actor, duty.DispatchTask); err != nil {
		return Answer{}, err
	}
	if err := order.check(); err != nil {
		return Answer{}, err
	}
	matter, err := order.matter(actor.Organ)
	if err != nil {
		return Answer{}, err
	}
	return s.store.Create(ctx, Call{Actor: actor, Command: cmd, People: order.people(), Matter: matter}, func(snap Snapshot) (Decision, error) {
		return s.decide(snap, actor, DoDispatch, matter, order)
	})
}

// Do carries out one step of a task's life. A refusal by law is an Answer with Refused set and the ruling in it, not an error.
func (s *Service) Do(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step Step) (Answer, error) {
	if err := duty.Require(actor, step.permission()); err != nil {
		return Answer{}, err
	}
	if err := step.check(); err != nil {
		return Answer{}, err
	}
	call := Call{Actor: actor, Command: cmd, People: step.people()}
	_, testifies := step.(testimony)
	if _, call.Whole = step.(aside); call.Whole {
		call.People = append(call.People, actor.Person) // who may be of no unit
	}
	answer, err := s.store.Decide(ctx, call, task, func(snap Snapshot) (Decision, error) {
		at := target(&snap.Task, actor)
		at.Own = at.Own || testifies && snap.Task.Former(actor.Person)
		if err := duty.Authorise(actor, step.permission(), at, duty.ViewTask); err != nil {
			return Decision{}, err
		}
		d, err := s.decide(snap, actor, step.action(), uuid.Nil, step)
		return dated(d, cmd.Happened, err)
	})
	if err == nil && answer.WrongCode {
		return Answer{}, errCode
	}
	if lost := s.hearAnyway(ctx, actor, cmd, task, step, err); lost != nil {
		return answer, lost
	}
	return answer, err
}

// Observe takes what somebody states of a fact. It is never refused for business reasons: what the law does not allow is kept as a
// violation and raised as an alert.
func (s *Service) Observe(ctx context.Context, actor duty.Actor, cmd duty.Command, said []Statement) (Observed, error) {
	if err := duty.Require(actor, duty.OwnAccount); err != nil {
		return Observed{}, err
	}
	seen, err := s.observations(actor, said)
	if err != nil {
		return Observed{}, err
	}
	return s.store.Observe(ctx, Call{Actor: actor, Command: cmd}, seen, func(snap Snapshot) (Decision, error) {
		d, err := s.decide(snap, actor, DoObserve, uuid.Nil, observe{seen})
		return dated(d, cmd.Happened, err)
	})
}

// Ask rules on facts without dispatching anybody, under the law of the actor's organ at the time of the facts. Nothing is kept.
func (s *Service) Ask(ctx context.Context, actor duty.Actor, facts law.Facts) (law.Ruling, error) {
	if err := duty.Require(actor, duty.AskRuling); err != nil {
		return law.Ruling{}, err
	}
	if err := askable(&facts); err != nil {
		return law.Ruling{}, err
	}
	of, err := s.store.LawOf(ctx, actor, facts.At)
	if err != nil {
		return law.Ruling{}, err
	}
	book, err := s.books(of)
	if err != nil {
		return law.Ruling{}, err
	}
	return book.Rule(&facts)
}

// askable keeps a question within the largest order: there may be a reason for each person and act, and a short question must not
// make an answer without end.
func askable(f *law.Facts) error {
	judged := 0
	for i := range f.Auxiliaries {
		judged += cmp.Or(len(f.Auxiliaries[i].Acts), len(f.Acts))
	}
	if judged > maxMembers*maxActs {
		return fault.BadField("body/auxiliaries", fmt.Sprintf("must be fewer: %d people and acts to judge, of at most %d", judged, maxMembers*maxActs))
	}
	return nil
}

// Task shows one task.
func (s *Service) Task(ctx context.Context, actor duty.Actor, id uuid.UUID) (View, error) {
	if err := duty.Require(actor, duty.ViewTask); err != nil {
		return View{}, err
	}
	view, err := s.store.Task(ctx, actor, id)
	if err != nil {
		return View{}, err
	}
	view.Stale = s.fresh.stale(view.Observations, view.Now, view.Task.begun())
	return view, duty.Authorise(actor, duty.ViewTask, target(&view.Task, actor), duty.ViewTask)
}

// Tasks lists tasks, newest first.
func (s *Service) Tasks(ctx context.Context, actor duty.Actor, filter Filter) ([]Task, error) {
	if err := duty.Require(actor, duty.ViewTask); err != nil {
		return nil, err
	}
	filter.Reach = actor.Reach(duty.ViewTask)
	return s.store.Tasks(ctx, actor, filter)
}

// History is everything that happened to a task, with every ruling as it was.
func (s *Service) History(ctx context.Context, actor duty.Actor, id uuid.UUID) (History, error) {
	if err := duty.Require(actor, duty.ReadHistory); err != nil {
		return History{}, err
	}
	history, err := s.store.History(ctx, actor, id)
	if err != nil {
		return History{}, err
	}
	return history, duty.Authorise(actor, duty.ReadHistory, target(&history.Task, actor), duty.ViewTask)
}

func target(t *Task, actor duty.Actor) duty.Target {
	return duty.Target{Path: t.Organ.Path, Own: t.Part(actor.Person)}
}
