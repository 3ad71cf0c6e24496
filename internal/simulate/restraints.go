package simulate

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// restrains plays an emergency of Art. 17(4). Whoever is in danger asks and an officer orders; or they use the equipment without waiting,
// with a network or without one, which must be known and must never be refused.
func (c *crew) restrains(ctx context.Context, chance *rand.Rand, s scene, members []*phone) error {
	return c.works(ctx, chance, s, members, func(j job) error {
		who := members[chance.IntN(len(members))]
		u := Use{Task: j.id, ID: newKey(), Phone: who.number, Person: who.person, Dispatcher: c.relief.person, Ordered: s.Deed == restraint}
		err := j.restrained(ctx, s, who, &u)
		var no refusal
		if errors.As(err, &no) && !unanswered(ctx, err) {
			u.Refused = err.Error()
		}
		if err == nil || u.Refused != "" {
			c.evidence.used(u)
		}
		if err != nil {
			return err
		}
		return j.ends(ctx, s, members[0])
	})
}

func (j job) restrained(ctx context.Context, s scene, who *phone, u *Use) error {
	if s.Deed == unheardOf {
		return j.usesUnheard(ctx, s, who, u)
	}
	if u.Ordered || j.chance.IntN(2) == 0 { // some ask and do not wait
		if err := who.asksFor(ctx, j.chance, u); err != nil {
			return err
		}
	}
	if u.Ordered {
		if err := j.commands(ctx, u); err != nil {
			return err
		}
	}
	if err := j.tellsToo(ctx, who, u, (*phone).beginsUse); err != nil {
		return err
	}
	if err := j.walk(ctx, s.Walk/4); err != nil {
		return err
	}
	if err := j.tellsToo(ctx, who, u, func(p *phone) api.RestraintUsing { return p.endsUse(j.chance) }); err != nil {
		return err
	}
	_, err := asks(ctx, who, j.chance, "restraint.reported", u.Task, func(key uuid.UUID) (*api.RestraintAnswer, error) {
		got, err := who.api.ReportRestraintWithResponse(ctx, u.Task, u.ID, &api.ReportRestraintParams{IdempotencyKey: key}, api.Report{Report: "已移交"})
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("report restraint", got)
		}
		return got.JSON200, nil
	})
	return err
}

// tellsToo has whoever uses the equipment tell of it, and sometimes the others of the unit as well: that is still one use.
func (j job) tellsToo(ctx context.Context, who *phone, u *Use, tells func(*phone) api.RestraintUsing) error {
	if err := who.uses(ctx, j.chance, u, tells(who)); err != nil || j.chance.IntN(2) == 0 {
		return err
	}
	for _, other := range j.members {
		if other == who {
			continue
		}
		of := tells(other)
		of.Person = &who.person
		if err := other.uses(ctx, j.chance, u, of); err != nil {
			return err
		}
	}
	return nil
}

func (p *phone) asksFor(ctx context.Context, chance *rand.Rand, u *Use) error {
	now := p.wall()
	_, err := asks(ctx, p, chance, "restraint.requested", u.Task, func(key uuid.UUID) (*api.RestraintAnswer, error) {
		got, err := p.api.AskRestraintWithResponse(ctx, u.Task, &api.AskRestraintParams{IdempotencyKey: key}, api.RestraintCall{
			ID: &u.ID, Danger: api.DangerViolence, Class: api.EquipmentClassRestraint, Item: strap, ObservedAt: &now,
		})
		if err != nil {
			return nil, err
		}
		if got.JSON201 == nil {
			return nil, refused("ask for restraint", got)
		}
		return got.JSON201, nil
	})
	return err
}

// commands has the officer who sent the unit command from afar, on record, or another one lead.
func (j job) commands(ctx context.Context, u *Use) error {
	officer, how := j.relief, api.RestraintOrdering{Mode: api.RestraintModeCommand, Recorded: true}
	if j.chance.IntN(3) == 0 {
		officer, how = j.lead, api.RestraintOrdering{Mode: api.RestraintModeLead}
	}
	_, err := asks(ctx, officer, j.chance, "restraint.commanded", u.Task, func(key uuid.UUID) (*api.RestraintAnswer, error) {
		got, err := officer.api.CommandRestraintWithResponse(ctx, u.Task, u.ID, &api.CommandRestraintParams{IdempotencyKey: key}, how)
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("command restraint", got)
		}
		return got.JSON200, nil
	})
	return err
}

// uses tells that a use begins or ends.
func (p *phone) uses(ctx context.Context, chance *rand.Rand, u *Use, tells api.RestraintUsing) error {
	_, err := asks(ctx, p, chance, kindOfUse[tells.Event], u.Task, func(key uuid.UUID) (*api.RestraintAnswer, error) {
		got, err := p.api.TellRestraintUseWithResponse(ctx, u.Task, u.ID, &api.TellRestraintUseParams{IdempotencyKey: key}, tells)
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("use of restraint", got)
		}
		return got.JSON200, nil
	})
	return err
}

// kindOfUse is what the event of a use is called.
var kindOfUse = map[api.RestraintUsingEvent]string{api.RestraintUsingEventStart: "restraint.used", api.RestraintUsingEventStop: "restraint.stopped"}

func (p *phone) beginsUse() api.RestraintUsing {
	danger, class, item, now := api.DangerViolence, api.EquipmentClassRestraint, strap, p.wall()
	return api.RestraintUsing{Event: api.RestraintUsingEventStart, Danger: &danger, Class: &class, Item: &item, ObservedAt: &now}
}

func (p *phone) endsUse(chance *rand.Rand) api.RestraintUsing {
	now, outcome, injuries, medical := p.wall(), api.RestraintOutcomeControlled, api.RestraintInjuriesNone, api.RestraintMedicalNotNeeded
	if chance.IntN(4) == 0 {
		injuries, medical = api.RestraintInjuriesMinor, api.RestraintMedicalFirstAid
	}
	return api.RestraintUsing{Event: api.RestraintUsingEventStop, ObservedAt: &now, Outcome: &outcome, Injuries: &injuries, Medical: &medical}
}

// usesUnheard has the equipment used where there is no network, and told of later.
func (j job) usesUnheard(ctx context.Context, s scene, who *phone, u *Use) error {
	u.Offline = true
	who.setOnline(false)
	err := j.writesUse(ctx, s, who, u)
	who.setOnline(true)
	j.evidence.offline(who.device, who.clockOff != 0)
	return errors.Join(err, who.brings(ctx, j.chance), who.syncs(ctx))
}

func (j job) writesUse(ctx context.Context, s scene, who *phone, u *Use) error {
	path := "restraints/" + u.ID.String()
	if err := who.records(u.Task, path+"/use", "restraint.used", who.beginsUse()); err != nil {
		return err
	}
	if err := j.walk(ctx, s.Walk/4); err != nil {
		return err
	}
	return errors.Join(
		who.records(u.Task, path+"/use", "restraint.stopped", who.endsUse(j.chance)),
		who.records(u.Task, path+"/report", "restraint.reported", api.Report{Report: "断网期间使用，已移交"}),
	)
}
