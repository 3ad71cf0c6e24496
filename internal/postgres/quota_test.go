package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

// open gates let every applicant through, with a stage and nothing asked.
type openGates struct{ roster.Gate }

func (openGates) Admit(*law.Applicant) (law.Ruling, error) {
	return law.Ruling{Outcome: law.Permitted}, nil
}

// comings are the ways in which somebody comes to count for a quota. Each is prepared first and says, when it comes to pass, which
// quotas it exceeds.
var comings = map[string]func(h *house, personnel duty.Actor, number string) func() ([]roster.Headcount, error){
	"hire": func(h *house, personnel duty.Actor, number string) func() ([]roster.Headcount, error) {
		r := roster.NewRecruitment(h.roster(), h.store, func(context.Context, duty.Organ) (roster.Gate, error) { return openGates{}, nil })
		a, err := r.Apply(context.Background(), personnel, duty.Command{ID: newID()}, roster.Applicant{
			Organ: h.north, Class: duty.FieldAuxiliary, Name: "甲", Born: time.Date(2001, 1, 15, 0, 0, 0, 0, time.UTC),
		})
		h.must(err)
		return func() ([]roster.Headcount, error) {
			_, over, err := r.Hire(context.Background(), personnel, a.ID, number)
			return over, err
		}
	},
	"transfer": func(h *house, personnel duty.Actor, number string) func() ([]roster.Headcount, error) {
		p := h.person(number, "乙", duty.FieldAuxiliary, h.south, duty.RoleAuxiliary)
		return func() ([]roster.Headcount, error) {
			moved, err := h.roster().Transfer(context.Background(), personnel, p.Person, h.north.Code, "调动")
			return moved.Over, err
		}
	},
	"sync": func(h *house, personnel duty.Actor, number string) func() ([]roster.Headcount, error) {
		return func() ([]roster.Headcount, error) {
			done, err := h.roster().Sync(context.Background(), personnel, roster.Batch{Source: number, Revision: 1, People: []roster.Entry{
				{Number: number, Name: "丙", Class: duty.FieldAuxiliary, Organ: duty.Organ{Code: h.north.Code}},
			}})
			return done.Over, err
		}
	},
	"import": func(h *house, personnel duty.Actor, number string) func() ([]roster.Headcount, error) {
		file := fmt.Sprintf("编号,姓名,类别,单位代码\r\n%s,丁,勤务辅警,%s\r\n", number, h.north.Code)
		return func() ([]roster.Headcount, error) {
			report, err := h.roster().Import(context.Background(), personnel, roster.File{Content: []byte(file)})
			return report.Over, err
		}
	},
}

// Two come at once where one was still approved: it is one too many for whoever comes second, and for nobody else (Art. 7).
func TestOfTwoWhoComeAtOnceOneExceedsTheQuota(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"hire", "hire"}, {"hire", "transfer"}, {"import", "sync"}, {"transfer", "import"}} {
		t.Run(pair[0]+" and "+pair[1], func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
			come := []func() ([]roster.Headcount, error){comings[pair[0]](h, personnel, "NEW1"), comings[pair[1]](h, personnel, "NEW2")}
			_, err := h.roster().SetQuota(t.Context(), personnel, roster.NewQuota{Organ: h.north.ID, Class: duty.FieldAuxiliary, Amount: 3, Basis: "批复"})
			h.must(err)
			over := h.together(come)
			if told := len(over[0]) + len(over[1]); told != 1 {
				t.Errorf("%d were told: %+v", told, over)
			}
			for _, counts := range over {
				if len(counts) == 1 && (counts[0].Actual != 4 || counts[0].Over() != 1) {
					t.Errorf("%+v", counts[0])
				}
			}
			if n := h.count(`SELECT count(*) FROM event WHERE kind = 'organ.quota_exceeded'`); n != 1 {
				t.Errorf("%d events", n)
			}
		})
	}
}

// together lets everybody come as far as nobody's being written, and then all go on.
func (h *house) together(come []func() ([]roster.Headcount, error)) [][]roster.Headcount {
	h.t.Helper()
	tx, err := h.owner.Begin(h.t.Context())
	h.must(err)
	_, err = tx.Exec(h.t.Context(), `LOCK TABLE person IN SHARE MODE`) // read and lock people: yes; write any: not yet
	h.must(err)
	over := make([][]roster.Headcount, len(come))
	var all sync.WaitGroup
	for i := range come {
		all.Go(func() {
			var err error
			if over[i], err = come[i](); err != nil {
				h.t.Error(err)
			}
		})
	}
	testkit.Wait(h.t, "all to wait", func() bool {
		return h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == len(come)
	})
	h.must(tx.Commit(h.t.Context()))
	all.Wait()
	return over
}

// Nobody waits for a quota who suspends somebody or lets them go, and whoever comes elsewhere waits for nobody either.
func TestAQuotaHoldsUpOnlyThoseWhoComeToCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
	_, err := h.roster().SetQuota(t.Context(), personnel, roster.NewQuota{Organ: h.north.ID, Class: duty.FieldAuxiliary, Amount: 2, Basis: "批复"})
	h.must(err)
	elsewhere := h.person("S9", "戊", duty.FieldAuxiliary, h.district, duty.RoleAuxiliary)
	tx, err := h.owner.Begin(t.Context())
	h.must(err)
	_, err = tx.Exec(t.Context(), `SELECT FROM quota FOR UPDATE`)
	h.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, status := range []law.Status{law.StatusSuspended, law.StatusSeparated} {
		_, err = h.roster().SetStatus(ctx, personnel, h.wang.Person, status, "调查")
		h.must(err)
	}
	_, err = h.roster().Transfer(ctx, personnel, elsewhere.Person, h.south.Code, "调动")
	h.must(err)
	h.must(tx.Rollback(t.Context()))
	if n := h.count(`SELECT count(*) FROM event WHERE kind = 'organ.quota_exceeded'`); n != 0 {
		t.Errorf("%d events", n)
	}
}
