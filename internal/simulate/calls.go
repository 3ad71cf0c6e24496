package simulate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// calls raises an alarm, which the lead of the crew answers and whoever called closes. Some press twice: that is one alarm.
func (c *crew) calls(ctx context.Context, who *phone, chance *rand.Rand) error {
	call, err := who.presses(ctx, chance.IntN(2) == 0)
	if err != nil {
		return err
	}
	if chance.IntN(3) == 0 {
		again, err := who.presses(ctx, false)
		if err != nil {
			return err
		}
		call.Presses++
		c.evidence.repeated(Repeat{Phone: who.number, Kind: "sos", Task: call.ID, Again: again.ID})
	}
	if err := c.pace.pass(ctx, time.Duration(10+chance.IntN(50))*time.Second); err != nil {
		return err
	}
	return c.comes(ctx, who, call, chance.IntN(3) == 0)
}

// comes has the lead of the crew hear of a call for help, see it and answer; whoever called closes it.
func (c *crew) comes(ctx context.Context, who *phone, call Call, byMistake bool) error {
	if err := c.heeds(ctx, &call); err != nil {
		return err
	}
	closing := api.AlarmClosing{Outcome: api.AlarmOutcomeHelped}
	if byMistake {
		closing = api.AlarmClosing{Outcome: api.AlarmOutcomeFalseAlarm, Reason: new("误触")}
	}
	if err := who.closes(ctx, call.ID, closing); err != nil {
		return err
	}
	call.Outcome = closing.Outcome
	c.evidence.called(call)
	return nil
}

// heeds has the lead of the crew hear of a call for help, see it and answer.
func (c *crew) heeds(ctx context.Context, call *Call) error {
	for _, what := range []api.AlarmReceiptWhat{api.AlarmReceiptWhatDelivered, api.AlarmReceiptWhatSeen} {
		got, err := c.lead.api.AcknowledgeAlarmWithResponse(ctx, call.ID, api.AlarmReceipt{What: what})
		if err != nil {
			return err
		}
		if got.StatusCode() != 204 {
			return refused("receipt", got)
		}
	}
	call.SeenBy = c.lead.person
	_, err := insists(ctx, newKey(), func(key uuid.UUID) (*api.Alarm, error) {
		got, err := c.lead.api.AnswerAlarmWithResponse(ctx, call.ID, &api.AnswerAlarmParams{IdempotencyKey: key}, api.AlarmAnswering{EtaS: new(120)})
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("answer sos", got)
		}
		return got.JSON200, nil
	})
	call.Answers++
	return err
}

func (p *phone) closes(ctx context.Context, alarm uuid.UUID, how api.AlarmClosing) error {
	_, err := insists(ctx, newKey(), func(key uuid.UUID) (*api.Alarm, error) {
		got, err := p.api.CloseAlarmWithResponse(ctx, alarm, &api.CloseAlarmParams{IdempotencyKey: key}, how)
		if err != nil {
			return nil, err
		}
		if got.JSON200 == nil {
			return nil, refused("close sos", got)
		}
		return got.JSON200, nil
	})
	return err
}

// presses calls for help.
func (p *phone) presses(ctx context.Context, silent bool) (Call, error) {
	call := Call{Phone: p.number, Person: p.person, RaisedAt: p.wall(), Presses: 1, Kind: api.AlarmKindSos}
	got, err := insists(ctx, newKey(), func(key uuid.UUID) (*api.Alarm, error) {
		raised, err := p.api.RaiseAlarmWithResponse(ctx, &api.RaiseAlarmParams{IdempotencyKey: key}, api.AlarmRaising{RaisedAt: call.RaisedAt, Silent: &silent})
		if err != nil {
			return nil, err
		}
		if raised.JSON201 == nil {
			return nil, refused("sos", raised)
		}
		return raised.JSON201, nil
	})
	if err != nil {
		return call, err
	}
	call.ID = got.ID
	return call, nil
}

// goesUnheard plays a call for help that nobody answers until it was brought before them again; and somebody whom it goes worse with after
// that, so that it begins anew. Where a round takes longer than the city lives nobody waits for it.
func (c *crew) goesUnheard(ctx context.Context, who *phone) error {
	call, err := who.presses(ctx, false)
	if err != nil {
		return err
	}
	if call.Repeated = c.config.Repeat < c.pace.real(c.config.For); call.Repeated {
		if err := who.waitsForRound(ctx, call.ID, c.config.Repeat+4*sweeps+patience); err != nil {
			return err
		}
	}
	if err := c.heeds(ctx, &call); err != nil {
		return err
	}
	worse, err := who.presses(ctx, true)
	if err != nil {
		return err
	}
	call.Presses++
	c.evidence.repeated(Repeat{Phone: who.number, Kind: "sos", Task: call.ID, Again: worse.ID})
	return c.comes(ctx, who, call, true)
}

// waitsForRound waits until an alarm was brought before people a second time.
func (p *phone) waitsForRound(ctx context.Context, alarm uuid.UUID, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		got, err := p.api.GetAlarmWithResponse(ctx, alarm)
		if err != nil {
			return fmt.Errorf("alarm %s is not repeated: %w", alarm, err)
		}
		if got.JSON200 == nil {
			return refused("alarm", got)
		}
		if got.JSON200.Round > 1 {
			return nil
		}
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("alarm %s is not repeated: %w", alarm, err)
		}
	}
}

// callsLater plays a call for help where there is no network: it is written down, pressed again by some, and heard as soon as there is one.
func (c *crew) callsLater(ctx context.Context, chance *rand.Rand, s scene, who *phone) error {
	call := Call{Phone: who.number, Person: who.person, RaisedAt: who.wall(), Offline: true, Kind: api.AlarmKindSos}
	who.setOnline(false)
	err := func() error {
		for range 1 + chance.IntN(2) {
			if _, _, err := who.box.Record("/v1/alarms", api.AlarmRaising{RaisedAt: call.RaisedAt.Add(time.Duration(call.Presses) * time.Second)}); err != nil {
				return err
			}
			call.Presses++
		}
		return c.pace.pass(ctx, s.Walk/4)
	}()
	who.setOnline(true)
	c.evidence.offline(who.device, who.clockOff != 0)
	if err != nil {
		return err
	}
	if err := who.brings(ctx, chance); err != nil {
		return err
	}
	got, err := who.api.ListAlarmsWithResponse(ctx, &api.ListAlarmsParams{})
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return refused("alarms", got)
	}
	for _, a := range got.JSON200.Alarms {
		if a.Person.Person == who.person && call.raised(a) {
			call.ID = a.ID
			return c.comes(ctx, who, call, chance.IntN(3) == 0)
		}
	}
	c.evidence.called(call)
	return fmt.Errorf("%s called for help without network, and the server has no such alarm", who.number)
}
