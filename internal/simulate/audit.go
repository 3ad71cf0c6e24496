package simulate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// audit brings every phone up to date, waits until the feeds have come as far as the log, and reads what the server shows.
func (c *city) audit(ctx context.Context) (*Record, error) {
	for _, p := range c.phones {
		p.setOnline(true)
	}
	if err := c.settles(ctx); err != nil {
		return nil, err
	}
	err := each(ctx, c.phones, func(ctx context.Context, p *phone) error {
		if err := p.syncs(ctx); err != nil {
			return err
		}
		p.testifies()
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := &Record{
		Tasks: map[uuid.UUID]api.TaskHistory{}, Alarms: map[uuid.UUID]api.Alarm{},
		Recusals: map[uuid.UUID]api.Recusal{}, Objections: map[uuid.UUID]api.Objection{},
	}
	for _, read := range []func(context.Context, *Record) error{
		c.readsTasks, c.readsAlarms, c.readsRecusals, c.readsObjections, c.readsQuarantine, c.readsSolo, c.readsFindings, c.readsMeasures,
	} {
		if err := read(ctx, r); err != nil {
			return nil, err
		}
	}
	c.streams()
	_, c.evidence.Broken = c.meter.errors()
	return r, nil
}

// settles waits until every feed has come to the head of the log, as a newcomer is told it. Feeds that stay behind are found by the checker.
func (c *city) settles(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	late := watch(watching, c.auditor.api, c.config.Server, api.FeedWishScopeOrgan, Stream{Who: "a newcomer's feed"})
	if err := late.joins(ctx); err != nil {
		return err
	}
	head := late.saw().From
	for began := time.Now(); time.Since(began) < patience; {
		if c.all.at() >= head && len(c.behind()) == 0 {
			return nil
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// behind is what the feeds lack at a moment.
func (c *city) behind() []string {
	c.streams()
	return feedWhole(&c.evidence, nil)
}

// streams takes down what every feed has shown.
func (c *city) streams() {
	c.evidence.Everything, c.evidence.Wall, c.evidence.Mine = c.all.saw(), c.wall.saw(), nil
	for _, p := range c.phones {
		if p.feed == nil {
			continue
		}
		s := p.feed.saw()
		p.copy.mu.Lock()
		s.Tasks = slices.Clone(p.copy.mine)
		p.copy.mu.Unlock()
		c.evidence.Mine = append(c.evidence.Mine, s)
	}
}

func (c *city) readsTasks(ctx context.Context, r *Record) error {
	for _, id := range c.evidence.tasks() {
		got, err := c.auditor.api.GetTaskHistoryWithResponse(ctx, id)
		switch {
		case err != nil:
			return err
		case got.JSON200 != nil:
			r.Tasks[id] = *got.JSON200
		case got.StatusCode() != 404: // which the checker finds
			return refused("history", got)
		}
	}
	return nil
}

// readsSolo asks in short stretches of time, for no answer holds more than some hundred tasks.
func (c *city) readsSolo(ctx context.Context, r *Record) error {
	const stretch = 30 * time.Second
	path, end := over(c.auditor), time.Now().Add(time.Minute)
	for from := c.pace.began.Add(-time.Minute); from.Before(end); from = from.Add(stretch) {
		to := from.Add(stretch)
		got, err := c.auditor.api.ListSoloEnforcementWithResponse(ctx, &api.ListSoloEnforcementParams{Path: &path, From: &from, To: &to})
		if err != nil {
			return err
		}
		if got.JSON200 == nil {
			return refused("solo enforcement", got)
		}
		if got.JSON200.More {
			return fmt.Errorf("more solo enforcement in %s than is told", stretch)
		}
		r.Solo = append(r.Solo, got.JSON200.Stretches...)
	}
	return nil
}

func (c *city) readsFindings(ctx context.Context, r *Record) error {
	for _, state := range []api.ListOutboxFindingsParamsState{api.ListOutboxFindingsParamsStateOpen, api.ListOutboxFindingsParamsStateClosed} {
		var after *uuid.UUID
		for {
			got, err := c.auditor.api.ListOutboxFindingsWithResponse(ctx, &api.ListOutboxFindingsParams{State: &state, After: after})
			if err != nil {
				return err
			}
			if got.JSON200 == nil {
				return refused("findings", got)
			}
			for _, f := range got.JSON200.Findings {
				// A gap that closed by itself was an upload out of order, which is provoked.
				if f.State == api.OutboxFindingStateOpen || f.Kind != api.OutboxFindingKindGap {
					r.Findings = append(r.Findings, f)
				}
			}
			if after = got.JSON200.Next; after == nil {
				break
			}
		}
	}
	return nil
}

// readsMeasures finds out how long the law bears with a lead who is away. Until a look has seen it, and another one that the grace is over,
// nobody can know.
func (c *city) readsMeasures(ctx context.Context, r *Record) error {
	grace, err := c.measure(ctx, "lead_grace_s", 60)
	r.Patience = time.Duration(grace)*time.Second + 3*c.config.LeadSweep + time.Second
	return err
}

// measure is a number of the law as a phone is told it, or the usual one.
func (c *city) measure(ctx context.Context, id api.Measure, usual int) (int, error) {
	got, err := c.phones[0].api.GetShiftBundleWithResponse(ctx, &api.GetShiftBundleParams{})
	if err != nil {
		return 0, err
	}
	if got.JSON200 == nil {
		return 0, refused("bundle", got)
	}
	for _, m := range got.JSON200.Measures {
		if m.ID == id && m.Act == nil {
			return m.Value, nil
		}
	}
	return usual, nil
}
