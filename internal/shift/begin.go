package shift

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

var alreadyOnDuty = fault.New(fault.Conflict, "already_on_duty", "您已签到，请先签退", "you are on duty already; check out first")

// begin decides a check-in.
func (s *Service) begin(a Arrival, actor duty.Actor, d Declared) (Turn, error) {
	if a.Open != nil {
		return Turn{}, alreadyOnDuty
	}
	if a.Person.Status == law.StatusSuspended || a.Person.Status == law.StatusSeparated {
		return Turn{}, fault.New(fault.Conflict, "not_active", "当前状态不能上岗（条例第三十七条）", "whoever is suspended or has left does not go on duty (Art. 37)")
	}
	if err := issued(a.Person, d.Equipment); err != nil {
		return Turn{}, err
	}
	sh := Shift{
		ID: s.newID(), Person: actor.Person, Number: actor.Number, Name: actor.Name, Class: actor.Class, Organ: actor.Organ,
		Declared: d, StartedAt: a.Now,
	}
	if err := sh.dress(a.Orders); err != nil {
		return Turn{}, err
	}
	plan := planFor(a.Plans, a.Now)
	if plan != nil {
		sh.Plan, sh.PlannedTo, sh.ArrangedBy = &plan.ID, &plan.Until, &plan.ArrangedBy.Person
		if sh.Post == "" {
			sh.Post = plan.Post
		}
	}
	if err := sh.place(plan, float64(a.Law.Measure(duty.CheckInRadius))); err != nil {
		return Turn{}, err
	}
	sh.Warnings = warningsFor(a.Recent, Stretch{a.Now, sh.PlannedTo}, a.Now, seconds(a.Law, duty.RestShortest))
	return s.arrive(a, actor, sh)
}

// issued refuses what was never issued to the person: it would be on the record as theirs.
func issued(p duty.Person, carried []duty.Equipment) error {
	for i, e := range carried {
		if !slices.Contains(p.Equipment, e) {
			return fault.BadField(fmt.Sprintf("body/equipment/%d", i), fmt.Sprintf("%q is not issued to you", e.Item))
		}
	}
	return nil
}

// dress finds the order that waives the uniform, where one is named.
func (sh *Shift) dress(orders []Order) error {
	if sh.Uniform != law.UniformPlainClothesOrder {
		return nil
	}
	if len(orders) == 0 {
		return fault.New(fault.Conflict, "no_plain_clothes_order", "没有现行有效的便衣执勤批准，须着制式服装（条例第十七条第一项）",
			"there is no order for you to work in plain clothes now; wear the uniform (Art. 17(1))")
	}
	sh.PlainClothes = &orders[0].ID
	return nil
}

// place holds where the phone is against the place of the post.
func (sh *Shift) place(plan *Plan, radius float64) error {
	if sh.At != nil && sh.At.Mock {
		sh.Flags = append(sh.Flags, MadeUp)
	}
	if plan == nil {
		return nil
	}
	post, known := plan.Place.Point()
	switch {
	case !known:
		return nil
	case sh.At == nil:
		sh.Flags = append(sh.Flags, PlaceUnknown)
	default:
		metres := math.Round(sh.At.Point().Metres(post))
		sh.DistanceM = &metres
		if metres-sh.At.Accuracy > radius {
			sh.Flags = append(sh.Flags, OffPost)
		}
	}
	if !plan.Strict || len(sh.Flags) == 0 {
		return nil
	}
	if sh.DistanceM == nil {
		return fault.New(fault.Conflict, "place_unknown", "该岗位须在现场签到，请提供位置", "this post is checked in at on the spot; say where you are")
	}
	return fault.New(fault.Conflict, "off_post", fmt.Sprintf("距岗位 %.0f 米，须在 %.0f 米以内签到", *sh.DistanceM, radius),
		fmt.Sprintf("%.0f m from the post; check in within %.0f m, with a true position", *sh.DistanceM, radius))
}

// arrive is what a check-in leaves: the shift, what the law reads of it, and news for the work that is going on.
func (s *Service) arrive(a Arrival, actor duty.Actor, sh Shift) (Turn, error) {
	t := Turn{Shift: sh}
	body := map[string]any{
		"shift": sh.ID, "person": sh.Person, "post": sh.Post, "unit": sh.Unit, "facility": sh.Facility,
		"uniform": sh.Uniform, "work_card": sh.WorkCard, "equipment": sh.Equipment,
	}
	if sh.Plan != nil {
		body["plan"], body["arranged_by"], body["until"] = sh.Plan, sh.ArrangedBy, sh.PlannedTo
	}
	if err := s.tell(&t, "shift.started", actor, a.Now, body); err != nil {
		return Turn{}, err
	}
	if len(sh.Flags) > 0 {
		body := map[string]any{"shift": sh.ID, "person": sh.Person, "flags": sh.Flags, "distance_m": sh.DistanceM}
		if err := s.tell(&t, "shift.flagged", actor, a.Now, body); err != nil {
			return Turn{}, err
		}
	}
	s.observe(&t, actor, a.Now, "uniform", sh.Uniform.String())
	s.observe(&t, actor, a.Now, "id_card", sh.WorkCard.String())
	s.observe(&t, actor, a.Now, onDuty, law.Yes.String())
	s.concern(&t, actor.Person, a.Tasks, law.No, law.Yes)
	return t, nil
}

const onDuty = "on_duty"

func (s *Service) tell(t *Turn, kind string, actor duty.Actor, at time.Time, body map[string]any) error {
	e, err := s.event(kind, t.Shift.Organ.Path, actor.Person, at, body)
	t.Events = append(t.Events, e)
	return err
}

// observe puts what the shift shows where the law looks for it. The time is the database's: nobody's phone says when.
func (s *Service) observe(t *Turn, actor duty.Actor, at time.Time, fact, value string) {
	t.Observations = append(t.Observations, duty.Observation{
		ID: s.newID(), Subject: t.Shift.Person, Fact: fact, Value: value, By: actor.Person, Device: actor.Device, Source: "shift",
		ObservedAt: at, ReceivedAt: at,
	})
}

// concern has the law asked again about the work that the person is part of.
func (s *Service) concern(t *Turn, by uuid.UUID, tasks []uuid.UUID, from, to law.Answer) {
	for _, task := range tasks {
		t.Concerns = append(t.Concerns, duty.Concern{
			ID: s.newID(), Task: task, Person: t.Shift.Person, By: by, Fact: onDuty, From: from.String(), To: to.String(), Source: "shift",
		})
	}
}
