package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

func (h *handlers) ListPeople(ctx context.Context, r ListPeopleRequestObject) (ListPeopleResponseObject, error) {
	people, more, err := h.Roster.People(ctx, actorOf(ctx), roster.Filter{
		Organ: duty.Path(value(r.Params.Path)), Class: duty.Class(value(r.Params.Class)), Text: value(r.Params.Q),
		After: value(r.Params.After), Limit: value(r.Params.Limit),
	})
	if err != nil {
		return nil, err
	}
	page := ListPeople200JSONResponse{People: convert(people, personOf)}
	if more {
		page.Next = &people[len(people)-1].Number
	}
	return page, nil
}

// GetPerson shows the devices too to those who may see them; for others they are left out, which is no failure.
func (h *handlers) GetPerson(ctx context.Context, r GetPersonRequestObject) (GetPersonResponseObject, error) {
	person, err := h.Roster.Person(ctx, actorOf(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	devices, err := h.Identity.Devices(ctx, actorOf(ctx), r.ID)
	if err != nil && fault.KindOf(err) != fault.Forbidden {
		return nil, err
	}
	return GetPerson200JSONResponse{Person: personOf(person), Devices: convert(devices, deviceOf)}, nil
}

func (h *handlers) SetPersonStatus(ctx context.Context, r SetPersonStatusRequestObject) (SetPersonStatusResponseObject, error) {
	status, err := word[law.Status]("body/status", string(r.Body.Status))
	if err != nil {
		return nil, err
	}
	person, err := h.Roster.SetStatus(ctx, actorOf(ctx), r.ID, status, r.Body.Reason)
	return SetPersonStatus200JSONResponse(personOf(person)), err
}

func (h *handlers) TransferPerson(ctx context.Context, r TransferPersonRequestObject) (TransferPersonResponseObject, error) {
	moved, err := h.Roster.Transfer(ctx, actorOf(ctx), r.ID, r.Body.Organ, r.Body.Reason)
	return TransferPerson200JSONResponse{Person: personOf(moved.Person), Over: convert(moved.Over, quotaOf)}, err
}

func (h *handlers) GetHandBack(ctx context.Context, r GetHandBackRequestObject) (GetHandBackResponseObject, error) {
	owed, err := h.Roster.HandBack(ctx, actorOf(ctx), r.ID)
	return GetHandBack200JSONResponse{Things: convert(owed, owedOf)}, err
}

func (h *handlers) ReceiveBack(ctx context.Context, r ReceiveBackRequestObject) (ReceiveBackResponseObject, error) {
	owed, err := h.Roster.Receive(ctx, actorOf(ctx), r.ID, r.Thing)
	return ReceiveBack200JSONResponse(owedOf(owed)), err
}

func owedOf(o roster.Owed) api.OwedThing {
	return api.OwedThing{
		ID: o.ID, Class: api.EquipmentClass(o.Class.String()), Item: o.Item, ListedAt: o.ListedAt, ReturnedAt: o.ReturnedAt, ReceivedBy: o.ReceivedBy,
	}
}

func personOf(p duty.Person) api.Person {
	return api.Person{
		ID: p.ID, Number: p.Number, Name: p.Name, Class: api.Class(p.Class), Organ: organOf(p.Organ), Status: api.Status(p.Status.String()),
		Training: convert(p.Training, trainingOf), Qualifications: convert(p.Qualifications, qualificationOf),
		Equipment: convert(p.Equipment, equipmentOf),
	}
}

func trainingOf(t duty.Training) api.Training {
	return api.Training{Post: t.Post, Items: list(t.Items), PassedOn: t.PassedOn, ValidTo: t.ValidTo, RefresherDue: t.RefresherDue}
}

func qualificationOf(q duty.Qualification) api.Qualification {
	return api.Qualification{Kind: api.Vehicle(q.Kind), ValidTo: q.ValidTo}
}

func equipmentOf(e duty.Equipment) api.IssuedEquipment {
	return api.IssuedEquipment{Class: api.EquipmentClass(e.Class.String()), Item: e.Item}
}

func grantsOf(grants []duty.Grant) []api.Grant {
	return convert(grants, func(g duty.Grant) api.Grant { return api.Grant{Role: api.AccessRole(g.Role), Path: api.Path(g.Path)} })
}
