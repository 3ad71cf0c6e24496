package app_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/testkit"
)

// brisk repeats alarms every second, and tells the organ above after two rounds.
func brisk(c *app.Config) { c.AlarmRepeat, c.AlarmRounds = time.Second, 2 }

// Nobody answers: the same people are told again and again, then those above too, whatever happens to the server that began it.
func TestAnAlarmIsRepeatedUntilSomebodyAnswers(t *testing.T) {
	t.Parallel()
	o := openOffice(t, brisk)
	other := o.again(io.Discard, io.Discard)
	member, head, above := o.auxiliary(), o.head(riverside), o.head(district)
	id := member.raises(sos())
	testkit.Wait(t, "another round", func() bool { return o.pushes("alarm", head) >= 2 })
	testkit.Wait(t, "the message of the round on the feed", func() bool { // with the round's own event: nothing else happens here
		return o.count(`SELECT count(*) FROM message WHERE person_id = $1 AND kind = 'alarm' AND seq IS NOT NULL`, head.person) >= 2
	})
	o.stop() // the server that took it
	testkit.Wait(t, "the organ above to be told", func() bool { return o.pushes("alarm", above) >= 1 })
	there := member.at(other).alarm(id)
	if above.in(there.told()) != "head" || there.text("level") != o.path(district) || o.happenings("alarm.widened") != 1 {
		t.Errorf("%s", there.raw)
	}
	above.at(other).post("/v1/alarms/"+id+"/answer", object{}).want(200)
	rounds := member.at(other).alarm(id).text("round")
	testkit.Wait(t, "the last job to find nothing to do", func() bool {
		return o.count(`SELECT count(*) FROM river_job WHERE kind = 'alarm' AND finalized_at IS NULL`) == 0
	})
	if now := member.at(other).alarm(id); now.text("round") != rounds || now.text("state") != "answered" {
		t.Errorf("it goes on after the answer: %s", now.raw)
	}
	if n := o.happenings("alarm.unanswered"); fmt.Sprint(n+1) != rounds {
		t.Errorf("%d rounds on record of %s", n+1, rounds)
	}
	if n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = 'alarm' AND args ->> 'person' = $1`, head.person.String()); fmt.Sprint(n) != rounds {
		t.Errorf("%d messages in %s rounds", n, rounds)
	}
	member.at(other).post("/v1/alarms/"+id+"/close", object{"outcome": "helped"}).want(200)
	o.sound()
}

// A round whose job is lost with its server, in the middle of its work, is done all the same, and once.
func TestARoundOutlivesItsServer(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *app.Config) { c.AlarmRepeat, c.AlarmRounds = 3*time.Second, 100 })
	o.again(io.Discard, io.Discard)
	member, head := o.auxiliary(), o.head(riverside)
	id := member.raises(sos())
	// As a killed server leaves it: taken up by somebody who is not there any more. While a round is being made there is none to take.
	testkit.Wait(t, "the job of the next round to be taken", func() bool {
		taken, err := o.sql.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = '{gone}'
			WHERE kind = 'alarm' AND args ->> 'alarm' = $1 AND state IN ('scheduled', 'available')`, id)
		o.must(err)
		return taken.RowsAffected() == 1
	})
	testkit.WaitUpTo(t, time.Minute, "two rounds more", func() bool { return o.pushes("alarm", head) >= 3 })
	if rounds := o.count(`SELECT round - (SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = 'alarm' AND args ->> 'person' = $2)
		FROM alarm WHERE id = $1`, id, head.person.String()); rounds != 0 {
		t.Errorf("%d rounds without a message", rounds)
	}
	member.post("/v1/alarms/"+id+"/close", object{"outcome": "helped"}).want(200)
	o.sound()
}
