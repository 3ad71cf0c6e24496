package legal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Service changes and shows the law of organs.
type Service struct {
	store     Store
	approvals Approvals
	library   *law.Library
	newID     func() uuid.UUID
}

// New makes the service on a library of rulebooks.
func New(store Store, approvals Approvals, library *law.Library) *Service {
	return &Service{store: store, approvals: approvals, library: library, newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}
}

// Draft is a proposal as it is made. A path that is left out is the one organ over which the actor may propose; a date that is left
// out is the approval.
type Draft struct {
	Path duty.Path
	Change
	Memo          string
	Reason        string
	EffectiveFrom time.Time
}

// Propose asks for a change. Whatever the law has no place for is fault.Invalid, and names the place in the request.
func (s *Service) Propose(ctx context.Context, actor duty.Actor, cmd duty.Command, draft Draft) (Answer, error) {
	if err := duty.Require(actor, duty.ProposeLaw); err != nil {
		return Answer{}, err
	}
	if own := actor.Reach(duty.ProposeLaw); draft.Path == "" && len(own) == 1 {
		draft.Path = own[0]
	}
	return s.store.Propose(ctx, Call{actor, cmd}, draft.Path, func(snap Snapshot) (Outcome, error) {
		return s.propose(snap, actor, draft)
	})
}

var noSuchOrgan = fault.BadField("body/path", "no such organ; say for which of yours the proposal is")

func (s *Service) propose(snap Snapshot, actor duty.Actor, draft Draft) (Outcome, error) {
	if snap.Organ.ID == uuid.Nil || !actor.Can(duty.ProposeLaw, duty.Target{Path: snap.Organ.Path}) {
		return Outcome{}, noSuchOrgan
	}
	if snap.Organ.Kind == duty.Squad {
		return Outcome{}, fault.BadField("body/path", "a squad is part of its organ and has no law of its own")
	}
	p := Proposal{
		ID: s.newID(), Organ: snap.Organ, Change: draft.Change, Memo: draft.Memo, Reason: draft.Reason,
		EffectiveFrom: draft.EffectiveFrom, ProposedBy: personOf(actor), ProposedAt: snap.Now, State: Proposed,
	}
	if p.EffectiveFrom.IsZero() {
		p.EffectiveFrom = snap.Now
	}
	if p.EffectiveFrom.Before(today(snap.Now)) {
		return Outcome{}, fault.BadField("body/effective_from", "must not be before today: no ruling that was given is touched")
	}
	if err := s.check(snap, p); err != nil {
		return Outcome{}, err
	}
	if err := s.fits(snap, p); err != nil {
		return Outcome{}, unfit(err)
	}
	event, err := s.event(p, actor, "proposed")
	return Outcome{p, event}, err
}

// today is the beginning of the day in China, which has one time for all of it.
func today(now time.Time) time.Time {
	china := now.In(time.FixedZone("CST", 8*60*60))
	return time.Date(china.Year(), china.Month(), china.Day(), 0, 0, 0, 0, china.Location())
}

// unfit says that the law of some organ would not hold together with the change.
func unfit(err error) error {
	var input *law.InputError
	if errors.As(err, &input) {
		return fault.BadField("body", "does not go with what else holds here or below: "+input.Error()).Because(err)
	}
	return err
}

// Settle approves, rejects or withdraws a proposal.
func (s *Service) Settle(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, v Verdict, why string) (Answer, error) {
	if err := duty.Require(actor, duty.ProposeLaw); err != nil {
		return Answer{}, err
	}
	return s.store.Settle(ctx, Call{actor, cmd}, id, func(snap Snapshot) (Outcome, error) {
		return s.settle(snap, actor, v, why)
	})
}

func (s *Service) settle(snap Snapshot, actor duty.Actor, v Verdict, why string) (Outcome, error) {
	p := *snap.Proposal
	if err := duty.Authorise(actor, duty.ProposeLaw, duty.Target{Path: p.Organ.Path}, duty.ReadProposals); err != nil {
		return Outcome{}, err
	}
	if err := p.decide(v, actor, why, snap.Now); err != nil {
		return Outcome{}, err
	}
	if v == Approve {
		if err := s.fits(snap, p); err != nil {
			return Outcome{}, fault.New(fault.Conflict, "proposal_does_not_fit", "该提议与现行有效的设置相抵触："+err.Error(),
				"the proposal does not go with what holds by now: "+err.Error()).Because(err)
		}
	}
	event, err := s.event(p, actor, string(v))
	return Outcome{p, event}, err
}

// event tells of a step: reading.proposed, entry.approved, ...
func (s *Service) event(p Proposal, actor duty.Actor, step string) (ledger.Event, error) {
	body := map[string]any{
		"proposal": p.ID, "subject": p.Subject, "value": p.Value, "memo": p.Memo, "effective_from": p.EffectiveFrom,
		"reason": cmp.Or(p.DecidedWhy, p.Reason),
	}
	at := p.ProposedAt
	if p.DecidedAt != nil {
		at = *p.DecidedAt
	}
	if p.InForceFrom != nil {
		body["in_force_from"] = *p.InForceFrom
	}
	text, err := json.Marshal(body)
	return ledger.Event{ID: s.newID(), Kind: string(p.Kind) + "." + step, Path: p.Organ.Path, Actor: actor.Person, At: at, Body: text}, err
}

// Proposals lists what was proposed, newest first.
func (s *Service) Proposals(ctx context.Context, actor duty.Actor, filter Filter) ([]Proposal, error) {
	if err := duty.Require(actor, duty.ReadProposals); err != nil {
		return nil, err
	}
	return s.store.Proposals(ctx, actor, filter)
}

// View is the law of an organ at a moment, with who set what.
type View struct {
	Organ      duty.Organ
	At         time.Time
	Rulebook   string
	ReadingSet string
	Readings   []ReadingView
	Measures   []MeasureView
	Others     []Proposal // in force, and about something else than a reading
}

// MeasureView is a measure as it holds for all acts; what holds for one of them is among the others.
type MeasureView struct {
	duty.MeasureInfo
	Value int
	Set   *Proposal
}

// ReadingView is a reading as it holds; Set is the proposal that made it so, nil for the rulebook's own value.
type ReadingView struct {
	law.ReadingInfo
	Value string
	Set   *Proposal
}

// Law shows the law of an organ (the actor's own when no path is given) at a moment (now when none is given).
func (s *Service) Law(ctx context.Context, actor duty.Actor, path duty.Path, at time.Time) (View, error) {
	if path == "" {
		path = actor.Organ.Path
	}
	own := duty.Target{Path: path, Own: actor.Organ.Path.Within(path)}
	if err := duty.Authorise(actor, duty.ReadLaw, own, duty.ReadLaw); err != nil {
		return View{}, err
	}
	snap, err := s.store.Law(ctx, actor, path)
	if err != nil {
		return View{}, err
	}
	if at.IsZero() {
		at = snap.Now
	}
	return s.view(snap, at)
}

func (s *Service) view(snap Snapshot, at time.Time) (View, error) {
	settings := SettingsAt(snap.Approved, at)
	of, err := LawOf(settings, snap.Organ.Path)
	if err != nil {
		return View{}, err
	}
	book, err := s.book(of)
	if err != nil {
		return View{}, err
	}
	v := View{Organ: snap.Organ, At: at, Rulebook: book.ID(), ReadingSet: book.ReadingSet(), Others: []Proposal{}}
	by := map[thing]*Proposal{}
	holding := InForce(snap.Approved, at)
	for _, set := range nearest(settings, snap.Organ.Path) {
		p := made(holding, set)
		by[set.thing()] = p
		if set.Kind != Reading {
			v.Others = append(v.Others, *p)
		}
	}
	for _, info := range s.library.Readings(book.ID()) {
		r := ReadingView{ReadingInfo: info, Value: info.Default, Set: by[thing{Reading, info.ID}]}
		if value, own := of.Settings.Readings[info.ID]; own {
			r.Value = value
		}
		v.Readings = append(v.Readings, r)
	}
	for _, info := range duty.Measures {
		set := by[thing{Policy, string(info.ID)}]
		v.Measures = append(v.Measures, MeasureView{info, of.Measure(info.ID), set})
	}
	return v, nil
}

// made finds the proposal that a setting comes from.
func made(holding []Proposal, set Setting) *Proposal {
	for i, p := range holding {
		if p.Organ.Path == set.Path && p.thing() == set.thing() {
			return &holding[i]
		}
	}
	return nil
}
