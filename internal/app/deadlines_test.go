package app_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// What ends here is ended by the database's own clock, in SQL, and no bubble reaches it: the stored times are moved instead.

// moves changes what nobody can change, as if it had been written at another time.
func (o *office) moves(sql string, args ...any) {
	o.t.Helper()
	o.must(pgx.BeginFunc(o.t.Context(), o.sql, func(tx pgx.Tx) error {
		if _, err := tx.Exec(o.t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		changed, err := tx.Exec(o.t.Context(), sql, args...)
		if err == nil && changed.RowsAffected() != 1 {
			o.t.Errorf("%s: %s", sql, changed)
		}
		return err
	}))
}

// An approver's word about a refused dispatch is good for a day, and for a day it is waited for. Then the same order asks anew.
func TestAWordAboutARefusedDispatchIsGoodForADay(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	officer, head := o.officer(), o.head(riverside)
	for minutes, status := range map[int]int{24*60 - 1: 201, 24*60 + 1: 422} {
		clerk := o.driver(riverside)
		id := o.asks(officer, driving(clerk))
		head.judges(id, judging(true, "task")).want(200)
		o.moves(`UPDATE approval SET decided_at = decided_at - make_interval(mins => $2) WHERE id = $1`, id, minutes)
		officer.post("/v1/tasks", driving(clerk)).want(status)
	}
	if n := o.count(`SELECT count(*) FROM approval WHERE state = 'open'`); n != 1 {
		t.Errorf("%d wait", n)
	}
	for _, c := range []struct{ minutes, listed int }{{24*60 - 1, 1}, {2, 0}} {
		o.moves(`UPDATE approval SET asked_at = asked_at - make_interval(mins => $1), deadline = deadline - make_interval(mins => $1) WHERE state = 'open'`, c.minutes)
		if r := head.get("/v1/approvals").want(200); len(r.at("approvals").([]any)) != c.listed {
			t.Errorf("after %d minutes: %s", c.minutes, r.raw)
		}
	}
}

// Whoever has no shift and said that they are on duty is called to help for twelve hours.
func TestAWordOfDutyIsGoodForTwelveHours(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for minutes, told := range map[int]string{12*60 - 1: "on_duty", 12*60 + 1: ""} {
		helper := o.hire(newcomer{class: "officer", organ: riverside, role: "officer"})
		helper.observes(said("on_duty", "yes"))
		o.moves(`UPDATE observation_now SET received_at = received_at - make_interval(mins => $2) WHERE subject = $1 AND fact = 'on_duty'`, helper.person, minutes)
		alarm := o.auxiliary().post("/v1/alarms", sos()).want(201)
		if got := helper.in(alarm.told()); got != told {
			t.Errorf("after %d minutes: %q", minutes, got)
		}
	}
}

// A phone that begins afresh is told what a shift may have brought: the messages of twelve hours.
func TestAPhoneThatBeginsAfreshHasTheMessagesOfAShift(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	member := o.auxiliary()
	for _, minutes := range []int{1, 12*60 - 1, 12*60 + 1} {
		o.moves(`INSERT INTO message (person_id, subject, kind, priority, help, at)
			VALUES ($1, gen_random_uuid(), 'm' || $2::int, 'urgent', true, now() - make_interval(mins => $2::int))`, member.person, minutes)
	}
	var kinds []string
	for _, m := range member.get("/v1/sync").want(200).at("messages").([]any) {
		kinds = append(kinds, m.(object)["kind"].(string))
	}
	if !slices.Equal(kinds, []string{"m719", "m1"}) {
		t.Errorf("%v", kinds)
	}
}
