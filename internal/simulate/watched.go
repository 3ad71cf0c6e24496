package simulate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// checksEvery is how often a member who is watched over is asked, in real seconds: the law counts in whole ones.
const checksEvery = 1

// sweeps are how often the server looks after checks and alarms.
const sweeps = 2 * time.Second

// watchesOver plays somebody who works alone and is asked whether they are well. They answer themselves, and by radio; or they are
// silent, until everybody looks for them. Where the law bears with silence for longer than there is time left, nobody can be silent.
func (c *crew) watchesOver(ctx context.Context, chance *rand.Rand, s scene, who *phone) error {
	left := c.pace.real(c.config.For - c.pace.now())
	silent := s.Deed == missed && (2*(c.grace+sweeps) < left || s.Dealt && c.grace < left)
	return c.works(ctx, chance, s, []*phone{who}, func(j job) error {
		w := Watched{Task: j.id, Person: who.person, Missed: silent}
		set, err := c.relief.api.OrderChecksWithResponse(ctx, j.id, api.CheckOrder{EveryS: checksEvery})
		if err != nil {
			return err
		}
		if set.JSON200 == nil {
			return refused("order checks", set)
		}
		if err := j.isAsked(ctx, who, &w); err != nil {
			return err
		}
		c.evidence.watched(w)
		return j.ends(ctx, s, who)
	})
}

func (j job) isAsked(ctx context.Context, who *phone, w *Watched) error {
	state, wait := api.MemberCheckStateEscalated, 2*(j.grace+2*sweeps)+patience
	if !w.Missed {
		if _, err := j.checkComes(ctx, who, api.MemberCheckStateAsked, patience); err != nil {
			return err
		}
		if err := who.isWell(ctx, api.CheckAnswer{State: api.WellbeingWell, ObservedAt: who.wall()}, j.id); err != nil {
			return err
		}
		w.Answers++
		state, wait = api.MemberCheckStateAsked, patience
	}
	check, err := j.checkComes(ctx, who, state, wait)
	if err != nil {
		return err
	}
	channel, words := api.CheckChannelRadio, "一切正常，手机没电"
	err = j.relief.isWell(ctx, api.CheckAnswer{
		State: api.WellbeingWell, ObservedAt: j.relief.wall(), Person: &who.person, Channel: &channel, Words: &words,
	}, j.id)
	if err != nil {
		return err
	}
	w.Answers++
	if !w.Missed {
		return j.needsHelp(ctx, who, w)
	}
	w.Alarm = *check.Alarm
	return j.relief.closes(ctx, w.Alarm, api.AlarmClosing{Outcome: api.AlarmOutcomeFalseAlarm, Reason: new("电台已联系上")})
}

// needsHelp has some answer that they are not well, which is a call for help.
func (j job) needsHelp(ctx context.Context, who *phone, w *Watched) error {
	if j.chance.IntN(2) == 0 {
		return nil
	}
	call := Call{Phone: who.number, Person: who.person, RaisedAt: who.wall(), Presses: 1, Kind: api.AlarmKindNeedHelp}
	if err := who.isWell(ctx, api.CheckAnswer{State: api.WellbeingNeedHelp, ObservedAt: call.RaisedAt}, j.id); err != nil {
		return err
	}
	w.Answers++
	check, err := j.checkComes(ctx, who, api.MemberCheckStateHeld, patience)
	if err != nil {
		return err
	}
	if check.Alarm == nil {
		j.evidence.called(call)
		return fmt.Errorf("%s is not well, and nobody is told", who.number)
	}
	call.ID = *check.Alarm
	return j.comes(ctx, who, call, false)
}

// checkComes waits until the check of somebody is in a state, as whoever sent them sees it.
func (j job) checkComes(ctx context.Context, who *phone, state api.MemberCheckState, within time.Duration) (c api.MemberCheck, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		got, err := j.relief.api.ListChecksWithResponse(ctx, j.id)
		if err != nil {
			return c, fmt.Errorf("the check of %s on task %s does not come to be %s: %w", who.number, j.id, state, err)
		}
		if got.JSON200 == nil {
			return c, refused("checks", got)
		}
		for _, m := range got.JSON200.Members {
			if m.Person.Person == who.person && m.State == state && (state != api.MemberCheckStateEscalated || m.Alarm != nil) {
				return m, nil
			}
		}
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return c, fmt.Errorf("the check of %s on task %s does not come to be %s: %w", who.number, j.id, state, err)
		}
	}
}

func (p *phone) isWell(ctx context.Context, said api.CheckAnswer, task uuid.UUID) error {
	_, err := insists(ctx, newKey(), func(key uuid.UUID) (*api.CheckList, error) {
		got, err := p.api.AnswerCheckWithResponse(ctx, task, &api.AnswerCheckParams{IdempotencyKey: key}, said)
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("answer a check", got)
		}
		return got.JSON200, nil
	})
	return err
}
