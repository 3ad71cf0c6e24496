package app_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/testkit"
)

type object = map[string]any

// order is work for people whom nobody needs to lead, unless led.
func order(act string, people ...*hand) object {
	return object{"acts": []string{act}, "place": object{"name": "江岸码头"}, "members": members(people...)}
}

func members(people ...*hand) []object {
	orders := make([]object, len(people))
	for i, p := range people {
		orders[i] = object{"person": p.person}
	}
	return orders
}

// led puts officers into an order who all lead, which only one may.
func led(order object, leads ...*hand) object {
	officers := make([]object, len(leads))
	for i, p := range leads {
		officers[i] = object{"person": p.person, "lead": true, "on_duty": "yes"}
	}
	order["officers"] = officers
	return order
}

// sends dispatches a task and answers its id.
func (h *hand) sends(order object) string {
	h.s.t.Helper()
	return h.post("/v1/tasks", order).want(201).text("task", "id")
}

// step takes one step on a task.
func (h *hand) step(task, verb string, body any) reply {
	h.s.t.Helper()
	return h.post("/v1/tasks/"+task+"/"+verb, body)
}

func because(reason string) object { return object{"reason": reason} }

// said is a statement that comes with a command.
func said(fact, value string) object { return object{"fact": fact, "value": value} }

func saying(statements ...object) object {
	if statements == nil {
		statements = []object{}
	}
	return object{"statements": statements}
}

// dressed is what an auxiliary states before work: uniform, work card, camera.
func dressed() []object {
	return []object{said("uniform", "yes"), said("id_card", "yes"), said("recording", "on")}
}

// observes states facts about oneself, and about a lead's presence for a task.
func (h *hand) observes(statements ...object) reply {
	h.s.t.Helper()
	for _, st := range statements {
		st["observed_at"] = time.Now()
	}
	return h.post("/v1/observations", saying(statements...)).want(200)
}

// arrives states the officer's own presence at a task, and so do those who see the officer there: it takes both sides.
func (h *hand) arrives(task string, seenBy ...*hand) {
	h.s.t.Helper()
	h.observes(object{"fact": "presence", "value": "present", "task": task})
	for _, witness := range seenBy {
		witness.observes(object{"subject": h.person, "fact": "presence", "value": "present", "task": task})
	}
}

// ready has people accept a task and state that they are as they should be.
func ready(task string, people ...*hand) {
	for _, p := range people {
		p.s.t.Helper()
		p.step(task, "accept", nil).want(200)
		p.observes(dressed()...)
	}
}

// begun is a task at work: patrol by the people.
func (h *hand) begun(people ...*hand) string {
	h.s.t.Helper()
	task := h.sends(order("patrol", people...))
	ready(task, people...)
	people[0].step(task, "start", saying()).want(200)
	return task
}

// history is a task's record once every event has its number, before which nobody reads it.
func (h *hand) history(task string) (record reply) {
	h.s.t.Helper()
	testkit.Wait(h.s.t, "the record to be complete", func() bool {
		record = h.get("/v1/tasks/" + task + "/history").want(200)
		return len(record.at("events").([]any)) == int(record.at("task", "version").(float64))
	})
	return record
}

func newKey() uuid.UUID { return uuid.Must(uuid.NewV7()) }
