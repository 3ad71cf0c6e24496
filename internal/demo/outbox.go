package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	handset "github.com/dutybound/dutybound/api/phone"
)

// deadZone: work goes on where there is no signal. Every step is signed when it is made; how the records come does not matter.
func (s *story) deadZone() {
	s.tell.scene(text{"隧道里没有信号", "A tunnel without signal"})
	place := text{"石板坡隧道", "Shibanpo tunnel"}
	task := s.lawful(s.dispatch(order{acts: []string{"traffic-direction"}, place: place}, aTraffic), api.OutcomeConditional, "task.dispatched")
	s.answered(task, aTraffic)

	s.tell.aside(text{"进入隧道：每一步在发生时由手机密钥签名，并带上一条的摘要", "Into the tunnel: each step is signed by the phone's key when it is made, with the digest of the one before"})
	records := s.records(aTraffic, task)
	if s.err != nil {
		return
	}
	s.tell.aside(text{"有信号了，后两条先到：留存，等前面的", "Signal again, and the last two come first: kept, and waiting for those before"})
	s.brings(aTraffic, []string{records[3], records[2]}, "waiting", "waiting")
	s.tell.aside(text{"前两条到齐，又全部重发一遍", "The first two come, and then all of them once more"})
	s.brings(aTraffic, []string{records[1], records[0]}, "accepted", "accepted")
	s.brings(aTraffic, records, "duplicate", "duplicate", "duplicate", "duplicate")
	s.shown(task, "task.started", "task.finished")
	s.once(task)
}

// records has somebody start, observe and finish without network.
func (s *story) records(number string, task uuid.UUID) (records []string) {
	if s.err != nil {
		return nil
	}
	folder, err := os.MkdirTemp("", "dutybound-demo-")
	if err != nil {
		s.fail("the phone's outbox: %w", err)
		return nil
	}
	defer func() { _ = os.RemoveAll(folder) }()
	p := s.phones[number]
	out, err := p.outbox(s.ctx, filepath.Join(folder, "outbox"))
	if err != nil {
		s.fail("the phone's outbox: %w", err)
		return nil
	}
	defer func() { _ = out.Close() }()
	path := "/v1/tasks/" + task.String()
	for _, step := range []struct {
		what text
		path string
		body any
	}{
		{text{"上报着装、证件、记录仪", "reports uniform, card, camera"}, "/v1/observations", observed(dressed("on"))},
		{text{"开始", "starts"}, path + "/start", api.WithStatements{}},
		{text{"上报记录仪仍开着", "reports that the camera still records"}, "/v1/observations", observed([]statement{{"recording", "on"}})},
		{text{"结束并反馈", "finishes and reports"}, path + "/finish", api.Report{Report: "疏导车辆四十余台，隧道恢复通行。"}},
	} {
		s.tell.does(p.account.Name, text{"（无信号）" + step.what.zh, "(no signal) " + step.what.en})
		_, record, err := out.Record(step.path, step.body)
		if err != nil {
			s.fail("%s records: %w", p.account.Name, err)
			return nil
		}
		records = append(records, record)
	}
	return records
}

func observed(said []statement) api.Observations {
	var o api.Observations
	for _, st := range said {
		o.Statements = append(o.Statements, api.ObservedStatement{Fact: st.fact, Value: st.value, ObservedAt: now()})
	}
	return o
}

// brings uploads records and holds the server to what becomes of each. What is kept may be carried out before or after the answer.
func (s *story) brings(number string, records []string, want ...string) {
	what := text{fmt.Sprintf("上传 %d 条记录", len(records)), fmt.Sprintf("uploads %d records", len(records))}
	s.do(number, what, func(p *phone) (answer, error) {
		results, err := p.uploads(s.ctx, records)
		if err != nil {
			return answer{}, err
		}
		var got []string
		for _, r := range results {
			word := string(r.Outcome)
			if word == "applied" {
				word = "accepted"
			}
			got = append(got, word)
		}
		if !slices.Equal(got, want) {
			s.fail("the records should be %v, but are %v", want, got)
		}
		return answer{}, nil
	})
}

// once holds the record to each step being there one time, and lawful, however often it was sent.
func (s *story) once(task uuid.UUID) {
	var history *api.TaskHistory
	s.do(dispatcher, text{"查阅该任务的历史", "reads the task's history"}, func(p *phone) (a answer, err error) {
		history, err = p.history(s.ctx, task)
		return a, err
	})
	if s.err != nil {
		return
	}
	times := map[string]int{}
	for _, e := range history.Events {
		times[e.Kind]++
	}
	var starts []api.Outcome
	for _, r := range history.Rulings {
		if r.Command == "start" {
			starts = append(starts, r.Ruling.Outcome)
			s.tell.ruling(r)
		}
	}
	if times["task.started"] != 1 || times["task.finished"] != 1 || !slices.Equal(starts, []api.Outcome{api.OutcomePermitted}) {
		s.fail("what came twice should be on record once: %v, starts %v", times, starts)
		return
	}
	s.asked++
	s.tell.aside(text{"乱序、重复上传，记录只有一份：开始一次，结束一次", "Out of order and twice, and on record once: one start, one finish"})
}

// outbox opens the outbox of an issued phone, which has just heard the server's time.
func (p *phone) outbox(ctx context.Context, path string) (*handset.Outbox, error) {
	if p.key == nil {
		return nil, errors.New("this phone has no key")
	}
	began := time.Now()
	out, err := handset.OpenOutbox(path, p.key, p.account.Device, handset.Clock{
		Wall: time.Now, Since: func() time.Duration { return time.Since(began) }, Boot: "1",
	})
	if err != nil {
		return nil, err
	}
	me, err := p.api.GetMeWithResponse(ctx)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	if at, err := http.ParseTime(me.HTTPResponse.Header.Get("Date")); err == nil {
		out.SawServer(at)
	}
	return out, nil
}

func (p *phone) uploads(ctx context.Context, records []string) ([]api.OutboxResult, error) {
	got, err := p.api.UploadOutboxWithResponse(ctx, api.OutboxUpload{Records: records})
	if err != nil {
		return nil, err
	}
	if got.JSON200 == nil {
		return nil, unexpected(got)
	}
	return got.JSON200.Records, nil
}
