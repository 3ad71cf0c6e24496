package simulate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// written is a step that was written down, to be found in the task's history once it is applied.
type written struct {
	task uuid.UUID
	kind string
}

// records writes a step down to be carried out later.
func (p *phone) records(task uuid.UUID, name, kind string, body any) error {
	id, _, err := p.box.Record("/v1/tasks/"+task.String()+"/"+name, body)
	if err == nil {
		p.written[id] = written{task, kind}
	}
	return err
}

// brings uploads what was recorded, three times over, in any order and any parts, and waits until all of it is applied.
func (p *phone) brings(ctx context.Context, chance *rand.Rand) error {
	const most = 500
	records := p.box.Waiting(most)
	all := append(append(append([]string(nil), records...), records...), records...)
	chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for len(all) > 0 {
		n := 1 + chance.IntN(min(len(all), 20))
		if _, err := p.upload(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return p.await(ctx, records)
}

func (p *phone) upload(ctx context.Context, records []string) ([]api.OutboxResult, error) {
	for try := 1; ; try++ {
		got, err := p.api.UploadOutboxWithResponse(ctx, api.OutboxUpload{Records: records})
		switch {
		case err == nil && got.JSON200 != nil:
			return got.JSON200.Records, nil
		case err == nil && got.StatusCode() < http.StatusInternalServerError:
			return nil, refused(p.number+" uploads", got)
		case try == attempts:
			return nil, fmt.Errorf("%s uploads: no answer (%w)", p.number, err)
		}
		if err := rest(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// await asks what has become of records until none of them waits, and notes it.
func (p *phone) await(ctx context.Context, records []string) error {
	began := time.Now()
	for {
		results, err := p.upload(ctx, records)
		if err != nil {
			return err
		}
		if !waits(results) || time.Since(began) > patience {
			return p.conclude(results)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func waits(results []api.OutboxResult) bool {
	for _, r := range results {
		if r.State == nil || *r.State == api.OutboxResultStateStored {
			return true
		}
	}
	return false
}

// conclude notes what became of records. Each that was applied to a task is a command like any other.
func (p *phone) conclude(results []api.OutboxResult) error {
	var last int64
	for _, r := range results {
		d := Delivered{Phone: p.number, Device: p.device, State: string(r.Outcome)}
		if r.N != nil {
			d.N, last = *r.N, max(last, *r.N)
		}
		if r.State != nil {
			d.State = string(*r.State)
		}
		if r.Status != nil {
			d.Status = *r.Status
		}
		p.evidence.delivered(d)
		if r.ID == nil || d.State != string(api.OutboxResultStateApplied) {
			continue
		}
		if w, is := p.written[*r.ID]; is {
			p.evidence.acked(Acked{Phone: p.number, Task: w.task, Kind: w.kind, Actor: p.person})
		}
	}
	return p.box.Took(last)
}

// syncs asks for what was missed until there is no more.
func (p *phone) syncs(ctx context.Context) error {
	p.copy.mu.Lock()
	defer p.copy.mu.Unlock()
	var next *uuid.UUID
	for {
		got, err := p.api.SyncPhoneWithResponse(ctx, &api.SyncPhoneParams{After: p.copy.through, Mark: p.copy.wholeMark(), From: next})
		if err != nil {
			return err
		}
		if got.JSON200 == nil {
			return refused(p.number+" syncs", got)
		}
		p.copy.take(got.JSON200)
		next = got.JSON200.Next
		if !got.JSON200.More {
			return nil
		}
	}
}

func (c *copyOfDuty) wholeMark() *string {
	if c.through == nil {
		return nil
	}
	return &c.mark
}

func (c *copyOfDuty) take(s *api.PhoneState) {
	if s.Reset {
		clear(c.tasks)
	}
	if c.through == nil {
		c.first = s.Through
	}
	c.through, c.mark = &s.Through, s.Mark
	for _, m := range s.Messages {
		c.messages[m.ID] = m
	}
	for _, t := range s.Tasks {
		if t.Task == nil {
			delete(c.tasks, t.ID)
			continue
		}
		c.tasks[t.ID] = t.Task.Version
	}
}

// testifies notes what the phone has after its last sync.
func (p *phone) testifies() {
	p.copy.mu.Lock()
	defer p.copy.mu.Unlock()
	p.evidence.note(func() {
		for _, task := range slices.Concat(p.copy.mine, p.copy.joined) {
			if version, has := p.copy.tasks[task]; has {
				p.evidence.Synced = append(p.evidence.Synced, Synced{p.number, task, version})
			} else {
				p.evidence.Missing = append(p.evidence.Missing, Synced{Phone: p.number, Task: task})
			}
		}
		if p.evidence.Phones == nil {
			p.evidence.Phones = map[uuid.UUID]bool{}
		}
		p.evidence.Phones[p.person] = !p.renewed
		for _, m := range p.copy.messages {
			p.evidence.Told = append(p.evidence.Told, Told{p.person, m.Kind, m.Subject})
		}
	})
}
