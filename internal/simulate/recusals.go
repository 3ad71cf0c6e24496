package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// recuses plays somebody who finds a relative on the scene (Art. 22): they step back at once, which leaves nobody; the head grants it, and
// somebody else is sent.
func (c *crew) recuses(ctx context.Context, chance *rand.Rand, s scene, who, instead *phone) error {
	return c.works(ctx, chance, s, []*phone{who}, func(j job) error {
		q, err := j.steppingBack(ctx, who, api.RecusalCall{Ground: api.RecusalGroundCloseRelative}, who)
		if err != nil {
			return err
		}
		q.Granted = true
		granted, err := j.decides(ctx, s, who, &q)
		if err != nil {
			return err
		}
		if len(granted.Recusal.Replacements) == 0 {
			return fmt.Errorf("nobody is proposed in place of %s on task %s", who.number, j.id)
		}
		if err := j.reassigns(ctx, instead); err != nil {
			return err
		}
		c.evidence.replaced(q.ID, instead.person)
		_, accepted := instead.step(ctx, chance, j.id, "accept", steps{})
		if err := errors.Join(accepted, instead.states(ctx, instead.recording())); err != nil {
			return err
		}
		if _, err := instead.step(ctx, chance, j.id, "resume", steps{said: dressed()}); err != nil {
			return err
		}
		return j.ends(ctx, s, instead)
	})
}

// passesOn plays a party who asks for a recusal, which another one of the unit passes on; the rest works on, and some come back.
func (c *crew) passesOn(ctx context.Context, chance *rand.Rand, s scene, members []*phone) error {
	return c.works(ctx, chance, s, members, func(j job) error {
		who := members[1]
		q, err := j.steppingBack(ctx, members[0], api.RecusalCall{Ground: api.RecusalGroundOtherRelation, ByParty: new(true), Person: &who.person}, who)
		if err != nil {
			return err
		}
		q.Granted = chance.IntN(2) == 0
		if _, err := j.decides(ctx, s, who, &q); err != nil {
			return err
		}
		return j.ends(ctx, s, members[0])
	})
}

// steppingBack asks for the recusal of somebody of the unit. Where nobody is left the work rests, by the same word.
func (j job) steppingBack(ctx context.Context, by *phone, call api.RecusalCall, who *phone) (Recused, error) {
	got, err := asks(ctx, by, j.chance, "recusal.requested", j.id, func(key uuid.UUID) (*api.RecusalAnswer, error) {
		got, err := by.api.AskRecusalWithResponse(ctx, j.id, &api.AskRecusalParams{IdempotencyKey: key}, call)
		if err != nil {
			return nil, err
		}
		if got.JSON201 == nil {
			return nil, refused("ask for a recusal", got)
		}
		return got.JSON201, nil
	})
	if err != nil {
		return Recused{}, err
	}
	if len(j.members) == 1 {
		j.evidence.acked(Acked{Phone: by.number, Task: j.id, Kind: "task.paused", Actor: by.person})
	}
	return Recused{
		Task: j.id, ID: got.Recusal.ID, Person: who.person, Number: who.number, AskedBy: by.person, Dispatcher: j.relief.person,
		SteppedBack: got.Recusal.SteppedBack,
	}, nil
}

// decides has the head find a recusal on his list and decide it. Whoever is gone need not have the task any more.
func (j job) decides(ctx context.Context, s scene, who *phone, q *Recused) (*api.RecusalAnswer, error) {
	if err := j.meddles(ctx, who, q); err != nil {
		return nil, err
	}
	j.evidence.recused(*q)
	if err := j.pace.pass(ctx, s.Walk/8); err != nil {
		return nil, err
	}
	decision := api.RecusalDecisionDecisionRefused
	if q.Granted {
		decision = api.RecusalDecisionDecisionGranted
	}
	got, err := asks(ctx, j.head, j.chance, "recusal.decided", j.id, func(key uuid.UUID) (*api.RecusalAnswer, error) {
		got, err := j.head.api.DecideRecusalWithResponse(ctx, j.id, q.ID, &api.DecideRecusalParams{IdempotencyKey: key},
			api.RecusalDecision{Decision: decision, Reason: "已核实"})
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("decide a recusal", got)
		}
		return got.JSON200, nil
	})
	if err == nil && q.Granted {
		who.copy.leaves(j.id)
	}
	return got, err
}

// meddles has whoever stepped back go on as if nothing were, and whoever sent the unit decide what is not theirs to decide: in vain.
func (j job) meddles(ctx context.Context, who *phone, q *Recused) error {
	step := "pause"
	if len(j.members) == 1 { // it rests already
		step = "resume"
	}
	_, err := who.send(ctx, newKey(), j.id, step, steps{reason: "避雨", said: dressed()})
	var no refusal
	if err != nil && (!errors.As(err, &no) || unanswered(ctx, err)) {
		return err
	}
	q.WentOn = err == nil
	decided, err := j.relief.api.DecideRecusalWithResponse(ctx, j.id, q.ID, &api.DecideRecusalParams{IdempotencyKey: newKey()},
		api.RecusalDecision{Decision: api.RecusalDecisionDecisionRefused, Reason: "仍由其执行"})
	if err != nil {
		return err
	}
	q.Usurped = decided.JSON200 != nil
	return nil
}

// objects plays somebody who contests the order with one tap (Art. 20), and works on; the head answers.
func (c *crew) objects(ctx context.Context, chance *rand.Rand, s scene, members []*phone) error {
	return c.works(ctx, chance, s, members, func(j job) error {
		who := members[chance.IntN(len(members))]
		before, err := j.marks(ctx, who)
		if err != nil {
			return err
		}
		o := Objected{Task: j.id, Person: who.person, Dispatcher: c.relief.person, Before: before, Offline: chance.IntN(3) == 0}
		contests := j.contests
		if o.Offline {
			contests = j.contestsLater
		}
		if err := contests(ctx, who, &o); err != nil {
			return err
		}
		if err := j.answers(ctx, s, o.ID); err != nil {
			return err
		}
		if o.After, err = j.marks(ctx, who); err != nil {
			return err
		}
		c.evidence.objected(o)
		return j.ends(ctx, s, members[0])
	})
}

func (j job) contests(ctx context.Context, who *phone, o *Objected) error {
	made, err := asks(ctx, who, j.chance, "objection.made", j.id, func(key uuid.UUID) (*api.ObjectionAnswer, error) {
		got, err := who.api.ObjectToOrderWithResponse(ctx, j.id, &api.ObjectToOrderParams{IdempotencyKey: key}, api.ObjectionCall{})
		if err != nil {
			return nil, err
		}
		if got.JSON201 == nil {
			return nil, refused("object", got)
		}
		return got.JSON201, nil
	})
	if err != nil {
		return err
	}
	o.ID = made.Objection.ID
	for _, called := range made.Called {
		o.Called = append(o.Called, called.Person)
	}
	return nil
}

// contestsLater has the tap wait for a network. Whom it reached is seen on the head's list.
func (j job) contestsLater(ctx context.Context, who *phone, o *Objected) error {
	who.setOnline(false)
	err := who.records(j.id, "objections", "objection.made", api.ObjectionCall{})
	who.setOnline(true)
	j.evidence.offline(who.device, who.clockOff != 0)
	if err = errors.Join(err, who.brings(ctx, j.chance)); err != nil {
		return err
	}
	list, err := j.head.api.ListObjectionsWithResponse(ctx, &api.ListObjectionsParams{Limit: new(200)})
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return refused("objections", list)
	}
	for _, waits := range list.JSON200.Objections {
		if waits.Task == j.id && waits.Person == who.person {
			o.ID, o.Called = waits.ID, []uuid.UUID{j.head.person}
			return nil
		}
	}
	j.evidence.objected(*o)
	return fmt.Errorf("%s contested task %s without network, and the head does not know", who.number, j.id)
}

func (j job) answers(ctx context.Context, s scene, id uuid.UUID) error {
	if err := j.pace.pass(ctx, s.Walk/8); err != nil {
		return err
	}
	answer := api.ObjectionDecisionAnswerDismissed
	if j.chance.IntN(2) == 0 {
		answer = api.ObjectionDecisionAnswerUpheld
	}
	_, err := asks(ctx, j.head, j.chance, "objection.answered", j.id, func(key uuid.UUID) (*api.ObjectionAnswer, error) {
		got, err := j.head.api.AnswerObjectionWithResponse(ctx, j.id, id, &api.AnswerObjectionParams{IdempotencyKey: key},
			api.ObjectionDecision{Answer: answer, Reason: "已核实"})
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("answer an objection", got)
		}
		return got.JSON200, nil
	})
	return err
}

// marks is where a mark could be left on somebody: their entry on the roster, and the task but for how often something happened on it.
func (j job) marks(ctx context.Context, who *phone) (string, error) {
	person, err := j.personnel.api.GetPersonWithResponse(ctx, who.person)
	if err != nil {
		return "", err
	}
	if person.JSON200 == nil {
		return "", refused("person", person)
	}
	task, err := who.api.GetTaskWithResponse(ctx, j.id)
	if err != nil {
		return "", err
	}
	if task.JSON200 == nil {
		return "", refused("task", task)
	}
	t := task.JSON200.Task
	t.Version = 0
	text, err := json.Marshal([]any{person.JSON200, t})
	return string(text), err
}
