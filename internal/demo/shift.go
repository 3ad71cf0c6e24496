package demo

import (
	"context"

	"github.com/dutybound/dutybound/api"
)

// checkIn begins everybody's shift: from here on the law reads that they are on duty, in uniform and with the work card (Art. 17(1)).
func (s *story) checkIn(numbers ...string) {
	for _, number := range numbers {
		s.do(number, text{"签到上岗：着装、带证件", "checks in: uniform, work card"}, func(p *phone) (answer, error) {
			already, err := p.checkIn(s.ctx)
			if already && err == nil {
				s.tell.aside(text{"此前已在岗", "on duty already"})
			}
			return answer{}, err
		})
	}
	if s.err != nil {
		return
	}
	s.tell.aside(text{"离岗的人不留位置、不收工作消息", "Of whoever is off duty no position is kept, and no message about work reaches them"})
}

// offDuty ends the shifts that the story began.
func (s *story) offDuty() {
	s.tell.scene(text{"中午，交班离岗", "Noon: everybody checks out"})
	for _, number := range []string{dispatcher, lead, aPatrol, bPatrol, aTraffic, aClerk} {
		s.do(number, text{"签退离岗", "checks out"}, func(p *phone) (answer, error) { return answer{}, p.checkOut(s.ctx) })
	}
}

// checkIn begins a shift, unless there is one.
func (p *phone) checkIn(ctx context.Context) (already bool, err error) {
	got, err := p.api.CheckInWithResponse(ctx, &api.CheckInParams{IdempotencyKey: newKey()},
		api.CheckIn{Uniform: api.UniformWordYes, WorkCard: api.AnswerYes})
	switch {
	case err != nil:
		return false, err
	case got.JSON201 != nil:
		p.onDuty = true
		return false, nil
	case got.ApplicationProblemJSON4XX != nil && got.ApplicationProblemJSON4XX.Code == "already_on_duty":
		return true, nil
	default:
		return false, unexpected(got)
	}
}

// checkOut ends the shift that the story began. One that was there before stays.
func (p *phone) checkOut(ctx context.Context) error {
	if !p.onDuty {
		return nil
	}
	got, err := p.api.CheckOutWithResponse(ctx, &api.CheckOutParams{IdempotencyKey: newKey()}, api.CheckOut{})
	if err != nil {
		return err
	}
	if no := got.ApplicationProblemJSON4XX; got.JSON200 == nil && (no == nil || no.Code != "off_duty") {
		return unexpected(got)
	}
	p.onDuty = false
	return nil
}
