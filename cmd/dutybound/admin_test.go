package main_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
)

const (
	district = "500103000000"
	station  = "500103310000"
	secret   = "一个很长的口令 correct horse"
)

// office is the administration of one database from the command line.
type office struct {
	t  testing.TB
	on []string // the flags that say which database
}

func (o office) admin(args ...string) outcome { return o.adminWith("", args...) }

func (o office) adminWith(input string, args ...string) outcome {
	o.t.Helper()
	return runWith(o.t, input, append(append([]string{"admin"}, args...), o.on...)...)
}

// enters makes things that must succeed.
func (o office) enters(orders ...string) {
	o.t.Helper()
	for _, order := range orders {
		o.admin(strings.Fields(order)...).says(o.t, 0)
	}
}

// equips registers a device and sets the password, and answers the device's id.
func (o office) equips(number string) (device string) {
	o.t.Helper()
	said := o.admin("device", number, "工作站", "--platform=web").says(o.t, 0, "device ") // a phone would need a key
	o.givesPassword(number, secret)
	return strings.TrimSpace(strings.TrimPrefix(said.out, "device "))
}

func (o office) givesPassword(number, password string) {
	o.t.Helper()
	said := o.adminWith(password+"\n", "password", number, "--keep").says(o.t, 0, "password of "+number+" set")
	if strings.Contains(said.out+said.errors, password) {
		o.t.Error("the password is printed")
	}
}

// staff is a station with an officer and a trained auxiliary.
var staff = []string{
	"organ " + district + " 渝中区分局 --kind=district",
	"organ " + station + " 江岸派出所 --kind=station --above=" + district,
	"person 310001 张三 --class=officer --organ=" + station,
	"person FJ31001 李四 --class=field_auxiliary --organ=" + station,
	"person 300001 王五 --class=officer --organ=" + district,
	"training FJ31001 response --passed-on=2026-01-05",
	"qualification FJ31001 drone --valid-to=2030-01-01",
	"equip FJ31001 警用手电 --class=ordinary",
	"grant 310001 officer " + station,
	"grant FJ31001 auxiliary " + station,
	"grant 300001 command_viewer " + district,
}

// TestAdministration enters a station into an empty database, and what is withdrawn later is withdrawn at once.
func TestAdministration(t *testing.T) {
	t.Parallel()
	database := durable(t).URL("")
	o := office{t, []string{"--database-url", database}}
	o.admin("organ", district, "渝中区分局", "--kind=district").says(t, 1, "the database is not migrated, run dutybound migrate first")
	run(t, "migrate", "--database-url", database).says(t, 0)
	run(t, "migrate", "--database-url", database).says(t, 0) // again is nothing
	o.admin("post", "response", "接处警", "cq-2021 15(1)").says(t, 0)
	o.enters(staff...)
	officers, members := o.equips("310001"), o.equips("FJ31001")

	s := serve(t, "--database-url", database, "--data-dir", t.TempDir())
	if strings.Contains(s.out.String(), "Demo") {
		t.Error("demo accounts on a database that somebody brought")
	}
	where := at(s.url)
	officer, member := signIn(t, where, "310001", secret, officers), signIn(t, where, "FJ31001", secret, members)
	officer.must(t, http.StatusCreated, "POST", "/v1/tasks", patrol(member))
	said := o.admin("device", "FJ31001", "警务通", "--platform=android").says(t, 0, "device ")
	keyless := object{"person_number": "FJ31001", "password": secret, "device": strings.TrimSpace(strings.TrimPrefix(said.out, "device "))}
	if refused := (&phone{at: where}).must(t, http.StatusUnauthorized, "POST", "/v1/sessions", keyless); refused.text("code") != "device_key_required" {
		t.Errorf("a phone without a key: %s", refused.body)
	}

	o.admin("withdraw", "310001", "officer", station).says(t, 0, "310001 is no longer officer over "+station)
	officer.must(t, http.StatusForbidden, "POST", "/v1/tasks", patrol(member))
	o.enters("grant 310001 officer " + station)
	officer.must(t, http.StatusCreated, "POST", "/v1/tasks", patrol(member))

	o.admin("status", "FJ31001", "suspended", "--reason=调查").says(t, 0, "FJ31001 is suspended")
	refused := officer.must(t, http.StatusUnprocessableEntity, "POST", "/v1/tasks", patrol(member))
	if !strings.Contains(string(refused.body), "cq-2021 37") {
		t.Errorf("sending somebody suspended: %s", refused.body)
	}
	o.enters("status FJ31001 separated --reason=离职")
	member.must(t, http.StatusUnauthorized, "GET", "/v1/me", nil)

	o.admin("revoke-device", "FJ31001", officers).fails(t, "not found")
	o.admin("device", "FJ31001", "不是他的", "--platform=web", "--id="+officers).fails(t, "registered to somebody else")
	o.admin("revoke-device", "310001", officers).says(t, 0, "device "+officers+" revoked with all its sessions")
	officer.must(t, http.StatusUnauthorized, "GET", "/v1/me", nil)
	officer = signIn(t, where, "310001", secret, o.equips("310001"))
	o.givesPassword("310001", secret+"!")
	officer.must(t, http.StatusUnauthorized, "GET", "/v1/me", nil)
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 0 || strings.Contains(s.logs.String(), secret) {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
	o.errors()
}

// errors name what was wrong.
func (o office) errors() {
	o.t.Helper()
	for order, words := range map[string]string{
		"organ 1 x --kind=galaxy":                                 `--kind must be one of "bureau","district","station","squad" but got "galaxy"`,
		"organ 1 x":                                               "missing flags: --kind",
		"organ 1 x --kind=squad --above=2":                        `above: no organ has the code "2"`,
		"organ " + district + " x --kind=district":                "the root is 500103000000 already",
		"person 1 x --class=alien --organ=" + station:             `--class must be one of`,
		"person 1 x --class=officer --organ=2":                    `organ: no organ has the code "2"`,
		"person 310001 x --class=officer --organ=" + station:      "person 310001 exists already",
		"post p x 15(1)":                                          `items: no item "15(1)" of the statute permits anything`,
		"training 1 response --passed-on=2026-01-05":              `number: nobody has the number "1"`,
		"training FJ31001 flying --passed-on=2026-01-05":          `post: no post has the code "flying"`,
		"training FJ31001 response --passed-on=yesterday":         "--passed-on",
		"qualification FJ31001 rocket":                            `<kind> must be one of`,
		"equip FJ31001 x --class=magic":                           "--class: class: unknown word",
		"grant 1 officer " + station:                              `number: nobody has the number "1"`,
		"grant 310001 king " + station:                            `role: unknown role "king"`,
		"withdraw 310001 officer 2":                               `organ: no organ has the code "2"`,
		"status 310001 asleep --reason=x":                         `<status> must be one of "active","suspended","separated"`,
		"status 310001 suspended --reason=":                       "--reason: needs words",
		"withdraw 310001 legal " + station:                        "does not hold this role over this organ",
		"status 1 active --reason=x":                              "person not found",
		"device 1 x --platform=web":                               "person not found",
		"device 310001 x --platform=pager":                        "--platform must be one of",
		"device 310001 x --platform=web --id=7":                   "--id",
		"revoke-device 310001 7":                                  "<device>",
		"revoke-device 310001 01a20a6c-9ebc-754d-8042-e4586467b1": "<device>",
	} {
		o.admin(strings.Fields(order)...).fails(o.t, words)
	}
	for input, words := range map[string]string{"": "no password on standard input", "short\n": "password: needs 10 to 200 characters", "a310001bcdefg\n": "password: must not contain the person's number"} {
		o.adminWith(input, "password", "310001").fails(o.t, words)
	}
	o.adminWith(secret+"\n", "password", "1").fails(o.t, "person not found")
}

// fails fails the test unless the command was refused with the words.
func (o outcome) fails(t testing.TB, words string) {
	t.Helper()
	if o.code == 0 || !strings.Contains(o.errors, words) || strings.Contains(o.errors, "SQLSTATE") {
		t.Errorf("%s: exit code %d and %q, want %q", o.asked, o.code, o.errors, words)
	}
}

// TestAdministrationOfThePrivateDatabase works beside a running server and without one.
func TestAdministrationOfThePrivateDatabase(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	o := office{t, []string{"--data-dir", dir}}
	run(t, "migrate", "--data-dir", dir).says(t, 0)
	o.admin("organ", district, "渝中区分局", "--kind=district").says(t, 0, "organ "+district)
	leavesNothing(t, dir)
	s := serve(t, "--data-dir", dir, "--demo=no")
	database := postmaster(t, dir)
	o.admin("post", "response", "接处警", "cq-2021 15(1)").says(t, 0)
	o.enters(staff[1:]...)
	officer := signIn(t, at(s.url), "310001", secret, o.equips("310001"))
	if database != postmaster(t, dir) {
		t.Error("the command started a Postgres of its own beside the server's")
	}
	s.signal(syscall.SIGTERM)
	s.exit()
	leavesNothing(t, dir)
	o.givesPassword("310001", secret)
	s = serve(t, "--data-dir", dir)
	officer.at = at(s.url)
	officer.must(t, http.StatusUnauthorized, "GET", "/v1/me", nil)
	if strings.Contains(s.out.String(), "Demo") {
		t.Error("a database with people in it was taken for empty")
	}
}
