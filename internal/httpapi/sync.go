package httpapi

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/law"
)

func (h *handlers) SyncPhone(ctx context.Context, r SyncPhoneRequestObject) (SyncPhoneResponseObject, error) {
	cursor := feed.Cursor{After: r.Params.After, Mark: value(r.Params.Mark), From: r.Params.From}
	if cursor.From != nil && cursor.After == nil {
		return nil, fault.BadField("query/after", "is required with from")
	}
	actor := actorOf(ctx)
	state, err := h.Phones.Sync(ctx, actor, cursor)
	if err != nil {
		return nil, err
	}
	p, err := phoneTasksOf(state.Tasks)
	return SyncPhone200JSONResponse{
		Through: state.Through, Mark: state.Mark, Reset: state.Reset, More: state.More, Next: state.Next(), At: state.At,
		Me: ownerOf(actor), Tasks: p.tasks, Rulings: p.rulings, Violations: p.violations,
		Events: convert(state.Events, eventOf), Messages: convert(state.Notices, noticeOf),
	}, err
}

func ownerOf(a duty.Actor) api.PhoneOwner {
	return api.PhoneOwner{
		ID: a.Person, Number: a.Number, Name: a.Name, Class: api.Class(a.Class), Organ: organOf(a.Organ), Grants: grantsOf(a.Grants),
	}
}

func noticeOf(n feed.Notice) api.PhoneMessage {
	return api.PhoneMessage{ID: n.ID, Kind: n.Kind, Priority: api.Urgency(n.Priority), Subject: n.Subject, At: n.At}
}

// phoneTasks are tasks with what is to be said of each.
type phoneTasks struct {
	tasks      []api.PhoneTask
	rulings    []api.PhoneRuling
	violations []api.PhoneViolation
}

// phoneTasksOf reads documents as they are stored.
func phoneTasksOf(from []feed.Task) (p phoneTasks, err error) {
	p = phoneTasks{[]api.PhoneTask{}, []api.PhoneRuling{}, []api.PhoneViolation{}}
	for _, t := range from {
		if t.Doc == nil {
			yes := true
			p.tasks = append(p.tasks, api.PhoneTask{ID: t.ID, Gone: &yes})
			continue
		}
		if err := p.add(t); err != nil {
			return p, fmt.Errorf("task %s as it is stored: %w", t.ID, err)
		}
	}
	return p, nil
}

func (p *phoneTasks) add(t feed.Task) error {
	var doc dispatch.Task
	if err := json.Unmarshal(t.Doc, &doc); err != nil {
		return err
	}
	record := dispatch.RulingRecord{ID: t.Ruling.ID}
	if err := json.Unmarshal(t.Ruling.Doc, &record.Ruling); err != nil {
		return err
	}
	task := taskOf(doc)
	p.tasks = append(p.tasks, api.PhoneTask{ID: t.ID, Task: &task})
	p.rulings = append(p.rulings, api.PhoneRuling{Task: t.ID, At: t.Ruling.At, Ruling: *rulingOf(&record)})
	if t.ViolatedSince != nil {
		p.violations = append(p.violations, api.PhoneViolation{Task: t.ID, Ruling: t.Ruling.ID, Since: *t.ViolatedSince})
	}
	return nil
}

// actsFor are the acts of a person's role with everything the law says of them; an officer leads, and so has them all.
func actsFor(book Law, of duty.Class) ([]api.ActDetail, error) {
	details := []api.ActDetail{}
	for _, a := range book.Acts() {
		if !concernsRole(a, of) {
			continue
		}
		x, err := book.Explain(a.Code)
		if err != nil {
			return nil, err
		}
		details = append(details, actDetailOf(x))
	}
	return details, nil
}

func concernsRole(a law.ActInfo, of duty.Class) bool {
	return of.LegalRole() == law.RoleNone || a.Role == of.LegalRole()
}

// fallbackOf is what an auxiliary may do when no officer leads: of field work what Art. 15 has them do by arrangement.
func fallbackOf(acts []api.ActDetail) []api.FallbackAct {
	fallback := []api.FallbackAct{}
	for _, a := range acts {
		if a.Act.Led || a.Act.Role == api.LegalRoleNone {
			continue
		}
		for _, c := range a.Clauses {
			if c.Kind == "permits" {
				fallback = append(fallback, api.FallbackAct{Act: a.Act.Code, Name: a.Act.Name, Citation: c.Citation, Words: c.Words})
				break
			}
		}
	}
	return fallback
}
