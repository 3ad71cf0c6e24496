package app_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// race runs the same two or more requests against each other on a fresh task, again and again for a while.
type race struct {
	name string
	make func(*unit) (task string)
	runs func(u *unit, task string) []func() (reply, error)
	// lawful says whether the answers and the task they left can be: some order of the requests must explain them.
	lawful func(statuses []int, task object) bool
}

func (h *hand) stepper(task, verb string, body any) func() (reply, error) {
	return func() (reply, error) { return h.send("/v1/tasks/"+task+"/"+verb, body) }
}

func readyTask(u *unit) string {
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	ready(task, u.member, u.colleague)
	return task
}

func memberState(task object, n int) any { return task["members"].([]any)[n].(object)["state"] }

var races = []race{
	{"two starts", readyTask, func(u *unit, task string) []func() (reply, error) {
		return []func() (reply, error){
			u.member.stepper(task, "start", saying()), u.colleague.stepper(task, "start", saying()), u.member.stepper(task, "start", saying()),
		}
	}, func(statuses []int, task object) bool { // one wins
		slices.Sort(statuses)
		return slices.Equal(statuses, []int{200, 409, 409}) && task["state"] == "started"
	}},
	{"start against reassign", readyTask, func(u *unit, task string) []func() (reply, error) {
		return []func() (reply, error){
			u.member.stepper(task, "start", saying()),
			u.dispatcher.stepper(task, "reassign", object{"remove": []any{u.colleague.person}, "add": members(u.spare)}),
		}
	}, func(statuses []int, task object) bool { // who was called in first keeps the start waiting; a start first is ruled on again
		if memberState(task, 1) != "removed" || statuses[1] != 200 {
			return false
		}
		return statuses[0] == 200 && task["state"] == "started" || statuses[0] == 409 && task["state"] == "dispatched"
	}},
	{"start by one who is being sent away", readyTask, func(u *unit, task string) []func() (reply, error) {
		return []func() (reply, error){
			u.colleague.stepper(task, "start", saying()),
			u.dispatcher.stepper(task, "reassign", object{"remove": []any{u.colleague.person}}),
		}
	}, func(statuses []int, task object) bool {
		return statuses[1] == 200 && (statuses[0] == 200 && task["state"] == "started" || statuses[0] == 404 && task["state"] == "dispatched")
	}},
	{
		"accept against cancel", func(u *unit) string { return u.dispatcher.sends(order("patrol", u.member)) },
		func(u *unit, task string) []func() (reply, error) {
			return []func() (reply, error){u.member.stepper(task, "accept", nil), u.dispatcher.stepper(task, "cancel", because("误报"))}
		},
		func(statuses []int, task object) bool {
			if statuses[1] != 200 || task["state"] != "cancelled" {
				return false
			}
			return statuses[0] == 200 && memberState(task, 0) == "accepted" || statuses[0] == 409 && memberState(task, 0) == "dispatched"
		},
	},
	{
		"naming a lead against start", func(u *unit) string {
			task := sentLed(u)
			u.lead.arrives(task, u.member)
			return task
		},
		func(u *unit, task string) []func() (reply, error) {
			return []func() (reply, error){
				u.member.stepper(task, "start", saying()),
				u.dispatcher.stepper(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}),
			}
		},
		func(statuses []int, task object) bool { // nobody starts under a lead who is not there, nobody hands over to one
			started := statuses[0] == 200 && statuses[1] == 422 && task["state"] == "started"
			named := statuses[0] == 422 && statuses[1] == 200 && task["state"] == "dispatched"
			return started || named
		},
	},
	{
		"a storm of observations against finish",
		func(u *unit) string { return u.dispatcher.begun(u.member, u.colleague) },
		func(u *unit, task string) (runs []func() (reply, error)) {
			for i := range 6 {
				value := []string{"on", "off"}[i%2]
				by := []*hand{u.member, u.colleague}[i/3]
				runs = append(runs, func() (reply, error) { return by.send("/v1/observations", saying(now(said("recording", value)))) })
			}
			return append(runs, u.member.stepper(task, "finish", object{"report": "无异常"}))
		},
		func(statuses []int, task object) bool {
			return !slices.ContainsFunc(statuses, func(s int) bool { return s != 200 }) && task["state"] == "finished"
		},
	},
	{
		"pause against finish against cancel", func(u *unit) string { return u.dispatcher.begun(u.member) },
		func(u *unit, task string) []func() (reply, error) {
			return []func() (reply, error){
				u.member.stepper(task, "pause", because("避雨")), u.member.stepper(task, "finish", object{"report": "无异常"}),
				u.dispatcher.stepper(task, "cancel", because("误报")),
			}
		},
		func(statuses []int, task object) bool { // one of the two ends it, and a pause comes before or not at all
			ended := (statuses[1] == 200 && statuses[2] == 409 && task["state"] == "finished") ||
				(statuses[1] == 409 && statuses[2] == 200 && task["state"] == "cancelled")
			return ended && (statuses[0] == 200 || statuses[0] == 409)
		},
	},
}

const (
	raceTime = time.Second // for each, however slow the machine
	raceRuns = 40          // at most
)

// What races leaves the task in a state that one order of the requests explains, and the record says which.
func TestRacesHaveAnOrder(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, r := range races {
		t.Run(r.name, func(t *testing.T) {
			o := o.in(t)
			u := newUnit(o)
			outcomes := map[string]int{}
			for began, run := time.Now(), 0; run < 5 || run < raceRuns && time.Since(began) < raceTime; run++ {
				outcomes[r.once(u)]++
			}
			t.Logf("%v", outcomes)
			o.sound()
		})
	}
}

// once runs the race and answers the statuses.
func (r race) once(u *unit) string {
	u.t.Helper()
	task := r.make(u)
	runs := r.runs(u, task)
	statuses := make([]int, len(runs))
	var start, done sync.WaitGroup
	start.Add(1)
	for i, run := range runs {
		done.Go(func() {
			start.Wait()
			answer, err := run()
			if err != nil {
				u.t.Error(err)
			}
			statuses[i] = answer.status
		})
	}
	start.Done()
	done.Wait()
	outcome := fmt.Sprint(statuses)
	left := u.dispatcher.get("/v1/tasks/" + task).want(200)
	if !r.lawful(statuses, left.at("task").(object)) {
		u.t.Fatalf("no order explains %v and %s", outcome, left.raw)
	}
	if state := left.text("task", "state"); state != "finished" && state != "cancelled" { // leave nothing open behind
		u.dispatcher.step(task, "cancel", because("试验结束")).want(200)
	}
	return outcome
}
