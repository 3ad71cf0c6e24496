package app_test

import "testing"

// A command that was let in, and had to wait until its phone was revoked, is not carried out, whether it is a step of a task or a
// statement. What it waits for here is the task.
func TestWhatWasHeldUpIsNotDoneForARevokedPhone(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	task := u.dispatcher.sends(order("patrol", u.member))
	for name, c := range map[string]struct {
		path string
		body any
	}{
		"a step":      {"/v1/tasks/" + task + "/accept", nil},
		"a statement": {"/v1/observations", saying(now(object{"fact": "recording", "value": "on", "task": task}))},
	} {
		again := o.another(u.member)
		before := o.events()
		tx, err := o.sql.Begin(t.Context())
		o.must(err)
		_, err = tx.Exec(t.Context(), `SELECT FROM task WHERE id = $1 FOR UPDATE`, task)
		o.must(err)
		answers := make(chan reply, 1)
		go func() {
			r, err := again.try("POST", c.path, c.body, keyed())
			if err != nil {
				t.Error(err)
			}
			answers <- r
		}()
		o.waitedFor(tx, name+" to wait for the task")
		u.personnel.post("/v1/devices/"+again.device.String()+"/revoke", nil).want(200)
		o.must(tx.Rollback(t.Context()))
		if r := <-answers; r.status != 401 || r.text("code") != "session_ended" {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
		if n := o.events() - before; n != 1 { // the revocation
			t.Errorf("%s: %d events", name, n)
		}
	}
	u.member.step(task, "accept", nil).want(200)
	o.sound()
}
