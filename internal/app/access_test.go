package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/httpapi"
)

// answers are the statuses that each role gets, in the order of duty.Roles: auxiliary, officer, station_head, legal, personnel,
// command_viewer, auditor.
type answers [7]int

func everybody(status int) answers {
	return answers{status, status, status, status, status, status, status}
}

// asking is one request.
type asking struct {
	path string // with the target's id filled in
	body any
}

// target is what a request is about: something of the actor's station, of the sister station, or nothing that exists.
type target struct {
	task, person, device, proposal, approval uuid.UUID

	alarm, plan, finding, quarantined uuid.UUID

	path string
}

func nowhere() target {
	return target{
		task: uuid.New(), person: uuid.New(), device: uuid.New(), proposal: uuid.New(), approval: uuid.New(),
		alarm: uuid.New(), plan: uuid.New(), finding: uuid.New(), quarantined: uuid.New(),
		path: "999999999999/",
	}
}

// door is how a route is tried. Foreign is answers to a target in the sister station, and to one that does not exist: they must be
// the same to the byte. A door without foreign is about nobody's target but one's own.
type door struct {
	law     bool   // it needs a proposal by somebody else
	matter  bool   // it needs a request to an approver
	alarm   bool   // it needs somebody in danger
	plan    bool   // it needs a planned shift
	outbox  bool   // it needs records of a revoked device, with something wrong with them
	task    string // state of the task it needs at one's own station: "", dispatched, ready (accepted), started, paused
	ask     func(target) asking
	own     answers
	foreign answers
}

// Who may do what at their own station, and what they find at the sister station: nothing.
var (
	everyRole   = everybody(200)
	onTask      = answers{200, 200, 200, 403, 403, 403, 403} // the auxiliary is a member, officer and head are of the unit
	dispatching = answers{403, 200, 200, 403, 403, 403, 403}
	notThere    = everybody(404)
	nobodyLeads = answers{409, 409, 409, 403, 403, 403, 403}
)

func taskStep(verb string, body any, state string, own, foreign answers) door {
	return door{task: state, own: own, foreign: foreign, ask: func(t target) asking {
		return asking{path: "/v1/tasks/" + t.task.String() + "/" + verb, body: body}
	}}
}

func plain(path string, own answers) door {
	return door{own: own, ask: func(target) asking { return asking{path: path} }}
}

// ofTask is a step on something of a task that is not there, for whoever may take it.
func ofTask(verb string, body any, own answers) door {
	return taskStep(fmt.Sprintf(verb, "0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c50"), body, "started", own, own)
}

var (
	decidingAbroad     = answers{403, 403, 404, 403, 403, 403, 403}
	actingAbroad       = answers{404, 404, 404, 403, 403, 403, 403}
	dispatchingAbroad  = answers{403, 404, 404, 403, 403, 403, 403}
	readingRoster      = answers{404, 200, 200, 404, 200, 200, 200} // whoever does not read the roster sees nobody but themselves
	applicantsOfNobody = answers{403, 403, 403, 403, 404, 403, 403} // only personnel see applicants
	changingRoster     = answers{404, 403, 403, 404, 200, 403, 403}
)

// settling is a step on a proposal that somebody else made.
func settling(verb string, body any, own int) door {
	return door{
		law: true, own: answers{403, 403, 403, own, 403, 403, 403}, foreign: answers{403, 403, 403, 404, 403, 403, 403},
		ask: func(t target) asking {
			return asking{"/v1/law/proposals/" + t.proposal.String() + "/" + verb, body}
		},
	}
}

// classOf is what somebody with a role is.
func classOf(role duty.Role) duty.Class {
	if role == duty.RoleAuxiliary {
		return duty.FieldAuxiliary
	}
	return duty.Officer
}

// scenery makes targets: a task in the state that a door needs, a person and their device, of one station.
type scenery struct {
	*office
	organ      string
	dispatcher *hand
	lawyer     *hand
}

// targetOf is what a door asks for.
func (s *scenery) targetOf(d door, actor *hand, role duty.Role) target {
	s.t.Helper()
	made := s.target(d.task, actor, role)
	if d.law {
		made.proposal = uuid.MustParse(s.lawyer.proposes(setting("min_team_without_officer", "3")))
	}
	if d.alarm {
		victim := s.hire(newcomer{class: duty.FieldAuxiliary, organ: s.organ, role: duty.RoleAuxiliary})
		made.alarm = uuid.MustParse(victim.raises(sos()))
	}
	if d.matter {
		made.approval = s.asks(s.dispatcher, driving(s.driver(s.organ)))
	}
	if d.plan {
		made.plan = uuid.MustParse(s.dispatcher.plans(planning(made.person)))
	}
	if d.outbox {
		made.finding, made.quarantined = s.quarantined(s.organ)
	}
	return made
}

func (s *scenery) target(state string, actor *hand, role duty.Role) target {
	s.t.Helper()
	member := s.hire(newcomer{class: duty.FieldAuxiliary, organ: s.organ, role: duty.RoleAuxiliary, posts: fieldPosts})
	made := target{person: member.person, device: member.device, task: uuid.New(), path: s.path(s.organ)}
	if state == "" {
		return made
	}
	worker := s.hire(newcomer{class: duty.FieldAuxiliary, organ: s.organ, role: duty.RoleAuxiliary, posts: fieldPosts})
	work := order("patrol", worker)
	switch {
	case actor == nil:
	case role == duty.RoleAuxiliary:
		worker, work = actor, order("patrol", actor)
	case role == duty.RoleOfficer, role == duty.RoleStationHead:
		work["officers"] = []object{{"person": actor.person, "on_duty": "yes"}}
	}
	task := s.dispatcher.sends(work)
	made.task = uuid.MustParse(task)
	for _, step := range map[string][]string{
		"ready": {"accept"}, "started": {"accept", "start"}, "paused": {"accept", "start", "pause"},
	}[state] {
		switch step {
		case "accept":
			ready(task, worker)
		case "start":
			worker.step(task, "start", saying()).want(200)
		case "pause":
			worker.step(task, "pause", because("避雨")).want(200)
		}
	}
	return made
}

// I4: every role at every route, about something of the own station and of the sister station. What is foreign and what does not
// exist look the same to the byte.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	head := func(organ string) *hand {
		return o.hire(newcomer{class: duty.Officer, organ: organ, role: duty.RoleOfficer})
	}
	scene := func(organ string) *scenery { return &scenery{o, organ, head(organ), o.counsel(organ).first} }
	here, sister := scene(riverside), scene(hillside)
	for _, route := range httpapi.Routes() {
		door, known := doors[route.Operation]
		if !known {
			t.Errorf("%s %s (%s) has no entry: say who may do it", route.Method, route.Path, route.Operation)
			continue
		}
		t.Run(route.Operation, func(t *testing.T) {
			t.Parallel()
			for i, role := range duty.Roles {
				in := o.in(t)
				here, sister := &scenery{in, riverside, here.dispatcher, here.lawyer}, &scenery{in, hillside, sister.dispatcher, sister.lawyer}
				actor := in.hire(newcomer{class: classOf(role), organ: riverside, role: role, posts: postsOf(role)})
				call := func(about target) reply {
					a := door.ask(about)
					return actor.ask(route.Method, a.path, a.body, keyed())
				}
				if door.foreign != (answers{}) {
					abroad, missing := call(sister.targetOf(door, nil, role)), call(nowhere())
					if abroad.status != door.foreign[i] || abroad.said() != missing.said() {
						t.Errorf("%s abroad: want %d, got\n%s\nand of nothing\n%s", role, door.foreign[i], abroad.said(), missing.said())
					}
				}
				if got := call(here.targetOf(door, actor, role)); got.status != door.own[i] {
					t.Errorf("%s at home: %d, want %d: %.400s", role, got.status, door.own[i], got.raw)
				}
			}
		})
	}
}

func postsOf(role duty.Role) []string {
	if role == duty.RoleAuxiliary {
		return fieldPosts
	}
	return nil
}

func keyed() http.Header { return keyedBy(newKey()) }

func keyedBy(id uuid.UUID) http.Header { return http.Header{"Idempotency-Key": {id.String()}} }

// The table has nothing that is not a route any more.
func TestEveryDoorIsARoute(t *testing.T) {
	t.Parallel()
	for operation := range doors {
		if !slices.ContainsFunc(httpapi.Routes(), func(r httpapi.Route) bool { return r.Operation == operation }) {
			t.Errorf("%s is no operation of the contract", operation)
		}
	}
}

// What is listed lies within the actor's own station, for every role and with whatever is asked of the list.
func TestListsEndAtTheStation(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	abroad := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	other := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary, posts: fieldPosts})
	foreign := abroad.sends(order("patrol", other))
	own := o.officer().sends(order("patrol", o.auxiliary()))
	for _, role := range duty.Roles {
		actor := o.hire(newcomer{class: classOf(role), organ: riverside, role: role})
		for _, list := range []string{
			"/v1/tasks", "/v1/tasks?path=" + o.path(district), "/v1/tasks?path=" + o.path(hillside), "/v1/people?limit=200", "/v1/people?q=T",
			"/v1/candidates?acts=patrol&limit=200", "/v1/candidates?acts=data-entry&path=" + o.path(hillside), "/v1/people?path=" + o.path(hillside),
		} {
			r := actor.get(list)
			if r.status != 200 && r.status != 403 {
				t.Errorf("%s %s: %d", role, list, r.status)
			}
			for _, id := range []string{foreign, other.person.String(), abroad.person.String()} {
				if strings.Contains(string(r.raw), id) {
					t.Errorf("%s sees %s in %s", role, id, list)
				}
			}
		}
	}
	if seen := o.officer().get("/v1/tasks"); !strings.Contains(string(seen.raw), own) {
		t.Errorf("an officer does not see their own station's task: %.300s", seen.raw)
	}
}

// Without a session there is nothing but what is public, whatever is sent in its place, and whatever was good a moment ago.
func TestNothingWithoutASession(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	tokens := map[string]*hand{"none": {s: o.station}}
	for name, token := range map[string]string{
		"garbage": "garbage", "as long as one": strings.Repeat("A", 43), "an injection": "' OR '1'='1", "a person's id": personnel.person.String(),
		"very long": strings.Repeat("x", 4000),
	} {
		tokens[name] = &hand{s: o.station, token: token}
	}
	gone := func(name string, end func(*hand)) {
		h := o.officer()
		h.get("/v1/me").want(200)
		end(h)
		tokens[name] = h
	}
	gone("signed out", func(h *hand) { h.ask("DELETE", "/v1/sessions/current", nil, nil).want(204) })
	gone("device revoked", func(h *hand) { personnel.post("/v1/devices/"+h.device.String()+"/revoke", nil).want(200) })
	gone("expired", func(h *hand) {
		_, err := o.sql.Exec(t.Context(), `UPDATE session SET expires_at = now() WHERE device_id = $1`, h.device)
		o.must(err)
	})
	gone("separated", func(h *hand) {
		personnel.ask("PUT", "/v1/people/"+h.person.String()+"/status", object{"status": "separated", "reason": "辞职"}, nil).want(200)
	})
	gone("separated by another hand", func(h *hand) { // whose sessions nobody ended
		_, err := o.sql.Exec(t.Context(), `UPDATE person SET status = 'separated' WHERE id = $1`, h.person)
		o.must(err)
	})
	for name, h := range tokens {
		for _, route := range httpapi.Routes() {
			r := knock(h, route)
			if (r.status == 401) == route.Public && route.Operation != "signIn" {
				t.Errorf("%s at %s: %d", name, route.Operation, r.status)
			}
			if !route.Public && (r.text("code") != "not_signed_in" || r.header.Get("WWW-Authenticate") == "") {
				t.Errorf("%s at %s: %s", name, route.Operation, r.raw)
			}
		}
	}
}

// knock asks for a route with whatever its door asks for.
func knock(h *hand, route httpapi.Route) reply {
	a := doors[route.Operation].ask(nowhere())
	return h.ask(route.Method, a.path, a.body, keyed())
}

// Whose password was set by somebody else may do nothing but change it, see who they are, and leave.
func TestAPasswordOfSomebodyElsesIsOnlyForChanging(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	h := o.officer()
	_, err := o.sql.Exec(t.Context(), `UPDATE credential SET must_change = true WHERE person_id = $1`, h.person)
	o.must(err)
	allowed := []string{"getMe", "changePassword", "signOut"}
	for _, route := range httpapi.Routes() {
		if route.Public || route.Operation == "signOut" {
			continue
		}
		r := knock(h, route)
		limited := r.status == 403 && r.text("code") == "password_change_required"
		if limited == slices.Contains(allowed, route.Operation) {
			t.Errorf("%s: %s", route.Operation, fmt.Sprint(r.status, string(r.raw)))
		}
	}
	h.ask("DELETE", "/v1/sessions/current", nil, nil).want(204)
}

// A grant that is withdrawn is gone at the next request, and so is what it let somebody see.
func TestAWithdrawnGrantEndsAtOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	task := o.officer().sends(order("patrol", o.auxiliary()))
	head := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleStationHead, scope: riverside})
	head.get("/v1/tasks/" + task).want(200)
	_, err := o.sql.Exec(t.Context(), `DELETE FROM authority WHERE person_id = $1`, head.person)
	o.must(err)
	head.get("/v1/tasks/" + task).want(403)
	head.step(task, "cancel", because("误报")).want(403)
	head.post("/v1/feed/tickets", nil).want(403)
}
