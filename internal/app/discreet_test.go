package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
)

// A viewer is shown that somebody was suspended and got a device, and neither why nor which: that is on record, for those entitled.
func TestTheFeedIsDiscreet(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	viewer := u.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer})
	conn, err := viewer.dial(0)
	u.must(err)
	defer conn.Close()
	u.must(conn.SetReadDeadline(time.Now().Add(time.Minute)))

	person := u.member.person.String()
	device := u.personnel.post("/v1/people/"+person+"/devices", object{"name": "暗号机", "platform": "android"}).want(201).text("id")
	u.personnel.post("/v1/devices/"+device+"/revoke", nil).want(200)
	u.personnel.ask("PUT", "/v1/people/"+person+"/status", object{"status": "suspended", "reason": "涉嫌泄密"}, nil).want(200)
	secrets, waiting := []string{device, "暗号机", "涉嫌泄密"}, []string{"device.registered", "device.revoked", "person."}
	for len(waiting) > 0 {
		_, text, err := conn.ReadMessage()
		u.must(err)
		for _, secret := range secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("the feed shows %s", text)
			}
		}
		told := slices.IndexFunc(waiting, func(kind string) bool { return strings.Contains(string(text), `"kind":"`+kind) })
		if told >= 0 && strings.Contains(string(text), person) {
			waiting = slices.Delete(waiting, told, told+1)
		}
	}
	for _, secret := range secrets {
		if n := u.count(`SELECT count(*) FROM event WHERE position($1 IN body) > 0`, secret); n == 0 {
			t.Errorf("%s is not on record", secret)
		}
	}
}
