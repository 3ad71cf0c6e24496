package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// crew is a few people who work together: two officers, and auxiliaries in two lanes.
type crew struct {
	*city
	n            int
	lead, relief *phone // the one leads, the other dispatches and takes over
	members      map[lane][]*phone
}

const (
	smallest = 6
	usual    = 8
)

// slots are the lanes of the auxiliaries of a full crew, in order; those beyond full crews go where they come to be.
var slots = [usual - officers]lane{leading, beat, trouble, trouble, alone, leading}

// officers of each crew come first.
const officers = 2

// crews puts phones together, in the order in which they were numbered: two officers, then the auxiliaries of each lane.
func (c *city) crews() (crews []*crew) {
	n := max(1, len(c.phones)/usual)
	for i := range n {
		crews = append(crews, &crew{city: c, n: i, members: map[lane][]*phone{}})
	}
	for i, p := range c.phones {
		of := crews[i/usual%n]
		lat, lon := 29.53+float64(i/usual%n%20)*0.01, 106.50+float64(i/usual%n/20)*0.01
		p.place.lat, p.place.lon = lat, lon
		switch {
		case c.isOfficer(i) && i%usual == 0:
			of.lead = p
		case c.isOfficer(i):
			of.relief = p
		default:
			in := slots[max(0, i%usual-officers)]
			of.members[in] = append(of.members[in], p)
		}
	}
	return crews
}

// isOfficer says what the phone with a number is for; those beyond full crews are auxiliaries.
func (c *city) isOfficer(i int) bool {
	return i < max(1, c.config.Phones/usual)*usual && i%usual < officers
}

// plays a lane's script. What cannot go on is counted, and its task cancelled; the lane goes on with the next scene.
func (c *crew) plays(ctx context.Context, of lane) {
	for _, s := range script(c.config.Seed, c.n, max(1, len(c.phones)/usual), of, c.config.For) {
		if ctx.Err() != nil || !s.Dealt && c.pace.now() > c.config.For {
			return
		}
		err := c.play(ctx, of, s)
		if ctx.Err() != nil {
			return
		}
		c.played(s.Deed, err)
		if c.pace.pass(ctx, s.Rest) != nil {
			return
		}
	}
}

func (c *crew) play(ctx context.Context, of lane, s scene) error {
	chance := rand.New(rand.NewPCG(s.Twist, 1))
	members := c.members[of]
	switch s.Deed {
	case led, wander, takeover:
		return c.leads(ctx, chance, s)
	case deadZone:
		return c.vanishes(ctx, chance, s, members[chance.IntN(len(members))])
	case turn:
		return c.rests(ctx, s, members[chance.IntN(len(members))])
	case alarm:
		return c.calls(ctx, members[chance.IntN(len(members))], chance)
	case restraint, unordered, unheardOf:
		return c.restrains(ctx, chance, s, members)
	case recusal:
		return c.recuses(ctx, chance, s, members[0], members[1])
	case byParty:
		return c.passesOn(ctx, chance, s, members)
	case objection:
		return c.objects(ctx, chance, s, members)
	case stolen:
		return c.isRobbed(ctx, chance, s, chance.IntN(len(members)))
	case asked, missed:
		return c.watchesOver(ctx, chance, s, members[0])
	case unheard:
		return c.goesUnheard(ctx, members[0])
	case deadSOS:
		return c.callsLater(ctx, chance, s, members[0])
	default:
		return c.patrols(ctx, chance, s, members)
	}
}

// job is a task that is under way.
type job struct {
	*crew
	chance  *rand.Rand
	id      uuid.UUID
	members []*phone
}

// order has the relief send people to work, who all accept and switch on their cameras.
func (c *crew) order(ctx context.Context, chance *rand.Rand, lead *phone, members []*phone, acts ...string) (j job, err error) {
	datum := api.PlaceDatumWgs84
	order := api.DispatchOrder{Acts: acts, Place: api.Place{Name: fmt.Sprintf("第 %d 组路口", c.n+1), Lat: &c.lead.place.lat, Lon: &c.lead.place.lon, Datum: &datum}}
	involved := append([]*phone(nil), members...)
	for _, m := range members {
		order.Members = append(order.Members, api.MemberOrder{Person: m.person})
	}
	if lead != nil {
		order.Officers = []api.OfficerOrder{{Person: lead.person, Lead: new(true), OnDuty: new(api.AnswerYes)}}
		involved = append(involved, lead)
	}
	task, err := c.relief.dispatches(ctx, chance, order, involved...)
	if err != nil {
		return j, err
	}
	j = job{c, chance, task.ID, members}
	for _, m := range members {
		_, accepted := m.step(ctx, chance, task.ID, "accept", steps{})
		if err := errors.Join(accepted, m.states(ctx, m.recording())); err != nil {
			return j, err
		}
	}
	return j, nil
}

// orGivesUp cancels the task of a job that cannot go on.
func (j job) orGivesUp(ctx context.Context, err error) error {
	if err != nil && j.id != uuid.Nil && ctx.Err() == nil {
		if _, no := j.relief.step(ctx, j.chance, j.id, "cancel", steps{reason: "无法继续"}); no != nil {
			return errors.Join(err, no)
		}
	}
	return err
}

func (j job) walk(ctx context.Context, d time.Duration) error {
	for _, m := range j.members {
		m.goes(float64(j.chance.IntN(20)), float64(j.chance.IntN(20)))
	}
	return j.pace.pass(ctx, d)
}

func (c *crew) patrols(ctx context.Context, chance *rand.Rand, s scene, members []*phone) error {
	j, err := c.order(ctx, chance, nil, members, "patrol")
	if err == nil {
		err = j.patrol(ctx, s)
	}
	return j.orGivesUp(ctx, err)
}

func (j job) patrol(ctx context.Context, s scene) error {
	first := j.members[0]
	if _, err := first.step(ctx, j.chance, j.id, "start", steps{said: dressed()}); err != nil {
		return err
	}
	if err := j.walk(ctx, s.Walk/2); err != nil {
		return err
	}
	if j.chance.IntN(3) == 0 {
		_, paused := first.step(ctx, j.chance, j.id, "pause", steps{reason: "暴雨，避雨"})
		_, resumed := first.step(ctx, j.chance, j.id, "resume", steps{said: dressed()})
		if err := errors.Join(paused, resumed); err != nil {
			return err
		}
	}
	if err := j.walk(ctx, s.Walk/2); err != nil {
		return err
	}
	_, err := first.step(ctx, j.chance, j.id, "finish", steps{reason: "巡逻完毕，无异常"})
	return err
}

// leads plays work of Art. 16: the lead and one of those led hand a code over, then the work begins.
func (c *crew) leads(ctx context.Context, chance *rand.Rand, s scene) error {
	if err := c.lead.shown(ctx, c.lead.goes(3, 3)); err != nil {
		return err
	}
	j, err := c.order(ctx, chance, c.lead, c.members[leading], "stop-and-question")
	if err == nil {
		err = j.questions(ctx, s)
	}
	return j.orGivesUp(ctx, err)
}

func (j job) questions(ctx context.Context, s scene) error {
	first, code := j.members[0], j.code()
	_, shown := j.lead.step(ctx, j.chance, j.id, "lead/code", steps{code: code})
	if shown != nil {
		return shown
	}
	if _, err := first.step(ctx, j.chance, j.id, "lead/confirm", steps{code: code}); err != nil {
		return err
	}
	if _, err := first.step(ctx, j.chance, j.id, "start", steps{said: dressed()}); err != nil {
		return err
	}
	if err := j.walk(ctx, s.Walk/2); err != nil {
		return err
	}
	now, err := j.without(ctx, s)
	if err != nil {
		return err
	}
	if err := j.walk(ctx, s.Walk/2); err != nil {
		return err
	}
	_, err = now.step(ctx, j.chance, j.id, "finish", steps{reason: "核查完毕，无异常"})
	return err
}

func (j job) code() string { return fmt.Sprintf("%08d", j.chance.IntN(100_000_000)) }

// without has the lead walk away, if the scene is of that kind, and answers who leads in the end.
func (j job) without(ctx context.Context, s scene) (*phone, error) {
	if s.Deed == led {
		return j.lead, nil
	}
	if err := j.seen(ctx, j.lead, 600+float64(j.chance.IntN(1000))); err != nil {
		return nil, err
	}
	if err := j.seen(ctx, j.members[0], 0); err != nil {
		return nil, err
	}
	gone := Absence{Task: j.id, Officer: j.lead.person, From: time.Now()}
	if err := j.pace.pass(ctx, s.Away); err != nil {
		return nil, err
	}
	gone.To = time.Now()
	j.evidence.absent(gone)
	if s.Deed == takeover {
		return j.relief, j.takesOver(ctx)
	}
	if err := j.seen(ctx, j.lead, 3); err != nil {
		return nil, err
	}
	return j.lead, j.ledAgain(ctx)
}

// seen puts somebody somewhere and waits until the server has a position of that.
func (j job) seen(ctx context.Context, who *phone, north float64) error {
	return who.shown(ctx, who.goes(north, float64(j.chance.IntN(10))))
}

// takesOver lets one of those led show a code, which the relief enters.
func (j job) takesOver(ctx context.Context) error {
	if err := j.seen(ctx, j.relief, 5); err != nil {
		return err
	}
	code := j.code()
	if _, err := j.members[0].step(ctx, j.chance, j.id, "lead/code", steps{code: code}); err != nil {
		return err
	}
	_, err := j.relief.step(ctx, j.chance, j.id, "lead/take", steps{code: code})
	return err
}

// ledAgain waits until the server sees the lead where he is.
func (j job) ledAgain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		got, err := j.lead.api.GetTaskWithResponse(ctx, j.id)
		switch {
		case err != nil:
			return err
		case got.JSON200 == nil:
			return refused("task", got)
		case got.JSON200.Task.Accompaniment != nil && got.JSON200.Task.Accompaniment.State == api.LeadStateLed:
			return nil
		}
		if err := rest(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("the lead came back to task %s and is not seen: %w", j.id, err)
		}
	}
}

// vanishes plays a dead zone: the work is begun and done without network, and brought afterwards.
func (c *crew) vanishes(ctx context.Context, chance *rand.Rand, s scene, who *phone) error {
	j, err := c.order(ctx, chance, nil, []*phone{who}, "patrol")
	if err == nil {
		who.setOnline(false)
		err = j.unheard(ctx, s, who)
		who.setOnline(true)
		c.evidence.offline(who.device, who.clockOff != 0)
		if err == nil {
			err = errors.Join(who.brings(ctx, chance), who.syncs(ctx))
		}
	}
	return j.orGivesUp(ctx, err)
}

func (j job) unheard(ctx context.Context, s scene, who *phone) error {
	observed := api.Observations{Statements: []api.ObservedStatement{who.recording()}}
	if _, _, err := who.box.Record("/v1/observations", observed); err != nil {
		return err
	}
	for _, then := range []struct {
		name string
		body any
	}{
		{"start", api.WithStatements{Statements: dressed()}},
		{"pause", api.WithReason{Reason: "隧道内"}},
		{"resume", api.WithStatements{Statements: dressed()}},
		{"finish", api.Report{Report: "断网期间巡逻完毕"}},
	} {
		if err := who.records(j.id, then.name, kindOfStep[then.name], then.body); err != nil {
			return err
		}
		if err := j.walk(ctx, (s.Walk+s.Away)/4); err != nil {
			return err
		}
	}
	return nil
}

// rests sends somebody off duty for a while. Their phone goes on sending all the same, which must be in vain.
func (c *crew) rests(ctx context.Context, s scene, who *phone) error {
	if err := who.checksOut(ctx); err != nil {
		return err
	}
	who.place.mu.Lock()
	point := who.point(who.wall())
	who.place.mu.Unlock()
	if err := who.sendsOffDuty(ctx, []api.PositionPoint{point}); err != nil {
		return err
	}
	if err := c.pace.pass(ctx, s.Away); err != nil {
		return err
	}
	before, took := who.wall(), time.Now()
	if err := who.checksIn(ctx); err != nil {
		return err
	}
	// A point is as old as the phone says when the server has it: the way there is the margin.
	point.CapturedAt = before.Add(-time.Since(took) - 5*time.Second)
	return errors.Join(who.sendsOffDuty(ctx, []api.PositionPoint{point}), who.syncs(ctx))
}
