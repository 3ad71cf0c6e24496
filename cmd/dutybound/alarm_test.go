package main_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/testkit"
)

// TestAnAlarmOutlivesKilledServers: somebody calls for help, and the server is killed again and again at any instant. The rounds go on
// with the next server, none is done twice, until somebody answers.
func TestAnAlarmOutlivesKilledServers(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	start := func() *server { return serve(t, "--data-dir", dir, "--alarm-repeat=1s", "--log-level=error") }
	now := start()
	where := at(now.url)
	sender, officer := player(t, where, auxiliary), player(t, where, dispatcher)
	begin, chance := time.Now(), rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	id := sender.must(t, http.StatusCreated, "POST", "/v1/alarms", object{"raised_at": time.Now()}).text("id")
	rounds := func() (n int) {
		var alarm struct{ Round int }
		if err := json.Unmarshal(sender.must(t, http.StatusOK, "GET", "/v1/alarms/"+id, nil).body, &alarm); err != nil {
			t.Fatal(err)
		}
		return alarm.Round
	}
	for range 3 {
		before := rounds()
		testkit.WaitUpTo(t, time.Minute, "another round", func() bool { return rounds() > before })
		time.Sleep(time.Duration(chance.IntN(1000)) * time.Millisecond)
		kill(now.cmd.Process.Pid)
		<-now.ended
		gone(t, dir)
		now = start()
		where.url.Store(&now.url)
	}
	before := rounds()
	testkit.WaitUpTo(t, time.Minute, "another round", func() bool { return rounds() > before })
	done := rounds()
	if most := int(time.Since(begin)/time.Second) + 2; done > most {
		t.Errorf("%d rounds in %d seconds: some were done twice", done, most)
	}
	officer.must(t, http.StatusOK, "POST", "/v1/alarms/"+id+"/answer", object{})
	if state := sender.must(t, http.StatusOK, "GET", "/v1/alarms/"+id, nil).text("state"); state != "answered" {
		t.Errorf("it is %s", state)
	}
}
