package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

func (h *hand) put(path string, body any) reply { return h.ask(http.MethodPut, path, body, nil) }

// imports brings a file and waits for the end of the work on it.
func (h *hand) imports(path, file string) reply {
	h.s.t.Helper()
	taken := h.ask(http.MethodPost, path, csvFile(file), keyed()).want(202)
	var done reply
	testkit.Wait(h.s.t, "the import", func() bool {
		done = h.get(taken.header.Get("Location")).want(200)
		return done.text("state") != "waiting" && done.text("state") != "running"
	})
	return done
}

func fileOf(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

// numbered makes a number that nobody else has.
func numbered() string { return fmt.Sprintf("IM%05d", hired.Add(1)) }

// showing waits until the screen has been shown something.
func (s *screen) showing() {
	s.who.s.t.Helper()
	testkit.Wait(s.who.s.t, "the screen to show something", func() bool { return s.at() > 0 })
}

// endsBy waits for the server to end the socket, which must be done by the deadline.
func (s *screen) endsBy(deadline time.Time) {
	s.who.s.t.Helper()
	testkit.Wait(s.who.s.t, "the socket to end", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.err != nil
	})
	if late := time.Since(deadline); late > 0 {
		s.who.s.t.Errorf("the socket ended %s late", late)
	}
}

// TestAFileOfPeople brings people in each encoding and separator that Excel writes, first as a dry run, and then again.
func TestAFileOfPeople(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	gb := func(text string) string {
		encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text)
		o.must(err)
		return encoded
	}
	for name, encode := range map[string]func(string) string{
		"utf-8": func(s string) string { return s }, "excel": func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") }, "gb18030": gb,
		"semicolons": func(s string) string { return strings.ReplaceAll(s, ",", ";") }, "tabs": func(s string) string { return strings.ReplaceAll(s, ",", "\t") },
	} {
		first, second := numbered(), numbered()
		file := encode(fileOf("编号,姓名,类别,单位代码,状态,岗位培训,资格,装备",
			first+",冉明远,勤务辅警,"+riverside+",,patrol=2026-01-15/2029-01-15,car=2030-01-01|drone,restraint:约束带",
			second+",'=㐀英,文职辅警,"+hillside+",停职,,,"))
		before := o.events()
		dry := personnel.imports("/v1/roster/imports?dry_run=true", file)
		if dry.text("state") != "done" || dry.text("report", "added") != "2" || o.count(`SELECT count(*) FROM person WHERE number = $1`, first) != 0 || o.events() != before {
			t.Errorf("%s, dry: %s", name, dry.raw)
		}
		if done := personnel.imports("/v1/roster/imports", file); done.text("state") != "done" || done.text("report", "added") != "2" {
			t.Errorf("%s: %s", name, done.raw)
		}
		if n := o.count(`SELECT count(*) FROM person p JOIN training t ON t.person_id = p.id JOIN equipment e ON e.person_id = p.id
			WHERE number = $1 AND name = '冉明远' AND item = '约束带' AND passed_on = '2026-01-15T00:00:00+08:00'`, first); n != 1 {
			t.Errorf("%s: %d of the first", name, n)
		}
		if n := o.count(`SELECT count(*) FROM person WHERE number = $1 AND name = '=㐀英' AND status = 'suspended'`, second); n != 1 {
			t.Errorf("%s: %d of the second", name, n)
		}
		events := o.events()
		if again := personnel.imports("/v1/roster/imports", file); again.text("report", "unchanged") != "2" || o.events() != events {
			t.Errorf("%s again: %s", name, again.raw)
		}
	}
	if n := o.count(`SELECT count(*) FROM roster_import WHERE file IS NOT NULL`); n != 0 {
		t.Errorf("%d files are kept", n)
	}
	o.sound()
}

// TestTheRosterIsHeardByTheWorkThatGoesOn: what the law reads of it (Art. 3, 18, 33) is asked about again when it changes, though nobody reports.
func TestTheRosterIsHeardByTheWorkThatGoesOn(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.begun(u.member, u.colleague)
	var number, name string
	u.must(u.sql.QueryRow(t.Context(), `SELECT number, name FROM person WHERE id = $1`, u.colleague.person).Scan(&number, &name))
	has := func(class, column, value string) {
		t.Helper()
		file := fileOf("number,name,class,organ,"+column, number+","+name+","+class+","+riverside+","+value)
		if done := u.personnel.imports("/v1/roster/imports", file); done.text("state") != "done" || done.text("report", "changed") != "1" {
			t.Fatalf("%s", done.raw)
		}
	}
	for i, step := range []struct{ class, column, value string }{
		{"勤务辅警", "equipment", "weapon:手枪"},
		{"勤务辅警", "equipment", ""},
		{"勤务辅警", "training", "facility=2026-01-15"},
		{"勤务辅警", "training", "patrol=2026-01-15"},
		{"文职辅警", "equipment", ""},
		{"勤务辅警", "equipment", ""},
	} {
		has(step.class, step.column, step.value)
		kind := []string{"task.violation", "task.lawful_again"}[i%2]
		testkit.Wait(t, kind, func() bool { return u.times(task, kind) == i/2+1 })
	}
	u.sound()
}

// TestABadFileImportsNobody: each bad cell is told with its place, and what is outside of one's reach looks like nothing.
func TestABadFileImportsNobody(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	here := o.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RolePersonnel})
	abroad := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary})
	var number string
	o.must(o.sql.QueryRow(t.Context(), `SELECT number FROM person WHERE id = $1`, abroad.person).Scan(&number))
	good := numbered()
	before := o.events()
	for name, c := range map[string]struct{ file, want string }{
		"a foreign organ":   {fileOf("number,name,class,organ", good+",甲,民警,"+riverside, good+"x,乙,民警,"+hillside), "2 organ 没有此单位代码"},
		"no organ":          {fileOf("number,name,class,organ", good+",甲,民警,nowhere"), "1 organ 没有此单位代码"},
		"a foreign number":  {fileOf("number,name,class,organ", number+",甲,民警,"+riverside), "1 number 该编号已被使用"},
		"a strange class":   {fileOf("number,name,class,organ", good+",甲,保安,"+riverside), "1 class 应为 民警、勤务辅警、文职辅警 或 其他"},
		"a number twice":    {fileOf("number,name,class,organ", good+",甲,民警,"+riverside, good+",乙,民警,"+riverside), "2 number 与第 2 行编号重复"},
		"no such post":      {fileOf("number,name,class,organ,training", good+",甲,民警,"+riverside+",dancing=2026-01-01"), "1 training 没有此岗位：dancing"},
		"no such day":       {fileOf("number,name,class,organ,training", good+",甲,民警,"+riverside+",patrol=2026-02-30"), "1 training 日期应写作 2026-01-02"},
		"no such status":    {fileOf("number,name,class,organ,status", good+",甲,民警,"+riverside+",休假"), "1 status 应为 在岗、停职 或 离职"},
		"too few columns":   {fileOf("number,name,class,organ", good+",甲,民警"), "1  有 3 列，表头有 4 列"},
		"no name":           {fileOf("number,name,class,organ", good+",,民警,"+riverside), "1 name 不能为空"},
		"an open quote":     {fileOf("number,name,class,organ", good+`,"甲,民警,`+riverside), "1  引号不成对或位置有误"},
		"a missing header":  {fileOf("number,name,class", good+",甲,民警"), "-1  缺少表头 单位代码（organ）"},
		"an unknown header": {fileOf("number,name,class,organ,phone", good+",甲,民警,"+riverside+",1"), `-1  不认识的表头 "phone"`},
		"neither encoding":  {"number,name,class,organ\n\xff\xff\xff", "-1  文件既不是 UTF-8 也不是 GB18030 编码"},
	} {
		r := here.imports("/v1/roster/imports", c.file)
		problem := r.at("report", "problems", 0).(map[string]any)
		column, _ := problem["column"].(string)
		got := fmt.Sprintf("%v %s %s", problem["line"].(float64)-1, column, r.text("report", "problems", 0, "message", "zh"))
		if r.text("state") != "refused" || got != c.want {
			t.Errorf("%s: %s, want %s: %s", name, got, c.want, r.raw)
		}
	}
	if o.events() != before || o.count(`SELECT count(*) FROM person WHERE number LIKE $1 || '%'`, good) != 0 {
		t.Error("a bad file left something behind")
	}
}

// TestAnImportIsRetriedAsOne: the same key finds the same import; another file with it is refused.
func TestAnImportIsRetriedAsOne(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel, key := o.personnel(), keyed()
	file := csvFile(fileOf("number,name,class,organ", numbered()+",甲,民警,"+riverside))
	first := personnel.ask(http.MethodPost, "/v1/roster/imports", file, key).want(202)
	if again := personnel.ask(http.MethodPost, "/v1/roster/imports", file, key).want(202); again.text("id") != first.text("id") {
		t.Errorf("%s and %s", first.text("id"), again.text("id"))
	}
	personnel.ask(http.MethodPost, "/v1/roster/imports", file+"\n", key).want(422)
	personnel.ask(http.MethodPost, "/v1/roster/imports?dry_run=true", file, key).want(422)
	o.personnel().get("/v1/roster/imports/" + first.text("id")).want(200)
	o.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RolePersonnel}).get("/v1/roster/imports/" + first.text("id")).want(404)
}

// TestAWholeRosterIsTakenInAndAStrangersIsNot: a long file passes for who is signed in, and for nobody else, and only there.
func TestAWholeRosterIsTakenInAndAStrangersIsNot(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	long := csvFile(strings.Repeat("x", 1<<20))
	if r, err := (&hand{s: o.station}).try(http.MethodPost, "/v1/roster/imports", long, keyed()); err == nil && r.status != 413 {
		t.Errorf("a stranger's: %d", r.status)
	}
	if r, err := o.personnel().try(http.MethodPost, "/v1/people/"+newKey().String()+"/devices", long, keyed()); err == nil && r.status != 413 {
		t.Errorf("elsewhere: %d", r.status)
	}
	if done := o.personnel().imports("/v1/roster/imports", string(long)); done.text("state") != "refused" {
		t.Errorf("%s", done.raw)
	}
}

// TestAnExportIsImportedWithoutADifference, and runs nowhere as a formula.
func TestAnExportIsImportedWithoutADifference(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	number := numbered()
	for i, name := range []string{"=1+1", "'=1", "+86", "-7", "@x", "＝x", "'甲", "a,b", `a"b`, "甲;乙"} {
		_, err := o.sql.Exec(t.Context(), `INSERT INTO person (id, number, name, class, organ_id, path, status)
			SELECT gen_random_uuid(), $1, $2, 'other', id, path, 'active' FROM organ WHERE code = $3`, fmt.Sprintf("%s-%d", number, i), name, riverside)
		o.must(err)
	}
	_, err := o.sql.Exec(t.Context(), `INSERT INTO equipment SELECT id, 'protective', 'a|b\c' FROM person WHERE number = $1`, number+"-0")
	o.must(err)
	before := o.events()
	exported := personnel.get("/v1/roster/export").want(200)
	for line := range strings.Lines(string(exported.raw)) {
		for cell := range strings.SplitSeq(line, ",") {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("%q would be run", cell)
			}
		}
	}
	done := personnel.imports("/v1/roster/imports", string(exported.raw))
	if done.text("state") != "done" || done.text("report", "added") != "0" || done.text("report", "changed") != "0" || o.events() != before {
		t.Errorf("%s", done.raw)
	}
	if strings.Contains(string(o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer}).get("/v1/roster/export").raw), number) {
		t.Error("the sister station's people are in the export")
	}
}

func syncing(revision int, people ...object) object {
	return object{"source": "hr", "revision": revision, "people": people}
}

func TestAPersonnelSystemSyncs(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	p := o.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RolePersonnel})
	a := object{"number": numbered(), "name": "甲", "class": "field_auxiliary", "organ": riverside, "training": []object{{"post": "patrol", "passed_on": "2026-01-15"}}}
	b := object{"number": numbered(), "name": "乙", "class": "civilian_auxiliary", "organ": riverside}
	if r := p.put("/v1/roster/sync", syncing(7, a, b)).want(200); r.text("added") != "2" {
		t.Errorf("%s", r.raw)
	}
	before := o.events()
	if r := p.put("/v1/roster/sync", syncing(7, a, b)).want(200); r.text("unchanged") != "2" || o.events() != before {
		t.Errorf("again: %s", r.raw)
	}
	if r := p.put("/v1/roster/sync", syncing(6, a)).want(409); r.text("code") != "stale_revision" {
		t.Errorf("%s", r.raw)
	}
	if r := p.put("/v1/roster/sync", syncing(8, a)).want(200); r.text("separated") != "0" {
		t.Errorf("a partial batch: %s", r.raw)
	}
	a["organ"] = hillside
	if r := p.put("/v1/roster/sync", syncing(9, a)).want(400); r.text("errors", 0, "field") != "body/people/0/organ" {
		t.Errorf("%s", r.raw)
	}
	a["organ"] = riverside
	whole := syncing(10, a)
	whole["snapshot"] = object{"organ": riverside}
	if r := p.put("/v1/roster/sync", whole).want(409); r.text("code") != "snapshot_separates_too_many" {
		t.Errorf("%s", r.raw)
	}
	whole["snapshot"] = object{"organ": riverside, "confirmed": true}
	there := o.count(`SELECT count(*) FROM person p JOIN organ o ON p.path ^@ o.path WHERE o.code = $1 AND class LIKE '%auxiliary' AND status <> 'separated'`, riverside)
	if r := p.put("/v1/roster/sync", whole).want(200); r.text("separated") != fmt.Sprint(there-1) {
		t.Errorf("%d there: %s", there, r.raw)
	}
	if n := o.count(`SELECT count(*) FROM person WHERE number = $1 AND status = 'separated'`, b["number"]); n != 1 {
		t.Error("the missing stayed")
	}
	p.get("/v1/me").want(200) // an officer, of whom a snapshot of auxiliaries says nothing
	o.sound()
}

// TestATransferTakesWhatBelongedToTheOldOrgan: at the next request, and within five seconds on a socket.
func TestATransferTakesWhatBelongedToTheOldOrgan(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel, u := o.personnel(), newUnit(o)
	viewer := o.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RoleViewer})
	task := u.dispatcher.sends(order("patrol", u.member))
	viewer.get("/v1/tasks/" + task).want(200)
	screen := o.watch(viewer, 0)
	screen.showing()
	began := time.Now()
	personnel.put("/v1/people/"+viewer.person.String()+"/organ", object{"organ": hillside, "reason": "调动"}).want(200)
	viewer.get("/v1/tasks/" + task).want(403)
	screen.endsBy(began.Add(cutWithin))

	moved := personnel.put("/v1/people/"+u.member.person.String()+"/organ", object{"organ": hillside, "reason": "调动"}).want(200)
	if moved.text("person", "organ", "code") != hillside {
		t.Errorf("%s", moved.raw)
	}
	for kind, organ := range map[string]string{"person.transferred": riverside, "person.received": hillside} {
		if n := o.count(`SELECT count(*) FROM event e JOIN organ o ON o.path = e.path WHERE e.kind = $1 AND o.code = $2 AND body::jsonb ->> 'person' = $3
			AND body::jsonb -> 'open_tasks' ? $4`, kind, organ, u.member.person.String(), task); n != 1 {
			t.Errorf("%d events %s at %s", n, kind, organ)
		}
	}
	if n := o.count(`SELECT count(*) FROM river_job WHERE args ->> 'kind' = 'member_changed' AND args ->> 'task' = $1`, task); n == 0 {
		t.Error("nobody on the task was told")
	}
	u.member.get("/v1/tasks/" + task).want(200) // they are still on it, wherever they belong
	if n := o.count(`SELECT count(*) FROM authority a JOIN organ o ON o.id = a.organ_id WHERE person_id = $1 AND code = $2`, u.member.person, hillside); n != 1 {
		t.Error("the auxiliary's role did not go with them")
	}
	o.sound()
}

// TestWhoIsSuspendedSeesOnlyWhatConcernsThemselves: on requests at once, on sockets within five seconds; reinstated, they see again.
func TestWhoIsSuspendedSeesOnlyWhatConcernsThemselves(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel, officer := o.personnel(), o.officer()
	officer.sends(order("patrol", o.auxiliary()))
	screen := o.watch(officer, 0)
	screen.showing()
	status := func(word string) reply {
		return personnel.put("/v1/people/"+officer.person.String()+"/status", object{"status": word, "reason": "调查"}).want(200)
	}
	began := time.Now()
	status("suspended")
	officer.get("/v1/people").want(403)
	officer.post("/v1/tasks", order("patrol", o.auxiliary())).want(403)
	officer.get("/v1/me").want(200)
	screen.endsBy(began.Add(cutWithin))
	status("active")
	officer.get("/v1/people").want(200)
}

// TestALeaverHandsBackWhatTheyWereIssued (Art. 35).
func TestALeaverHandsBackWhatTheyWereIssued(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel, leaver := o.personnel(), o.auxiliary()
	_, err := o.sql.Exec(t.Context(), `INSERT INTO equipment VALUES ($1, 'restraint', '约束带')`, leaver.person)
	o.must(err)
	path := "/v1/people/" + leaver.person.String()
	if r := personnel.get(path + "/hand-back").want(200); len(r.at("things").([]any)) != 0 {
		t.Errorf("before: %s", r.raw)
	}
	personnel.put(path+"/status", object{"status": "separated", "reason": "辞职"}).want(200)
	leaver.get("/v1/me").want(401)
	list := personnel.get(path + "/hand-back").want(200)
	if things := list.at("things").([]any); len(things) != 3 {
		t.Fatalf("%s", list.raw)
	}
	for i := range 3 {
		thing := path + "/hand-back/" + list.text("things", i, "id")
		first := personnel.put(thing, nil).want(200)
		if again := personnel.put(thing, nil).want(200); again.text("returned_at") != first.text("returned_at") {
			t.Errorf("%s and then %s", first.raw, again.raw)
		}
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'person.equipment_returned' AND body::jsonb ->> 'person' = $1`, leaver.person.String()); n != 3 {
		t.Errorf("%d events", n)
	}
	if n := o.count(`SELECT count(*) FROM equipment WHERE person_id = $1`, leaver.person); n != 0 {
		t.Error("what came back is still carried")
	}
	o.sound()
}

// TestQuotas: more than was approved is told, on record, and not refused (Art. 7).
func TestQuotas(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	var organ string
	o.must(o.sql.QueryRow(t.Context(), `SELECT id FROM organ WHERE code = $1`, hillside).Scan(&organ))
	there := o.count(`SELECT count(*) FROM person p JOIN organ o ON p.path ^@ o.path WHERE o.code = $1 AND class = 'field_auxiliary' AND status <> 'separated'`, hillside)
	approved := object{"class": "field_auxiliary", "amount": there, "basis": "府发〔2026〕12 号"}
	for range 2 { // the second changes nothing
		if q := personnel.put("/v1/organs/"+organ+"/quota", approved).want(200); q.text("actual") != fmt.Sprint(there) || q.text("over") != "0" {
			t.Errorf("%s", q.raw)
		}
	}
	o.officer().put("/v1/organs/"+organ+"/quota", approved).want(404)
	o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer}).put("/v1/organs/"+organ+"/quota", approved).want(403)
	moved := personnel.put("/v1/people/"+o.auxiliary().person.String()+"/organ", object{"organ": hillside, "reason": "调动"}).want(200)
	if moved.text("over", 0, "over") != "1" || moved.text("over", 0, "organ", "code") != hillside {
		t.Errorf("%s", moved.raw)
	}
	for kind, want := range map[string]int{"organ.quota_set": 1, "organ.quota_exceeded": 1} {
		if n := o.count(`SELECT count(*) FROM event WHERE kind = $1`, kind); n != want {
			t.Errorf("%d events %s", n, kind)
		}
	}
	if q := personnel.get("/v1/quotas?path=" + o.path(hillside)).want(200); q.text("quotas", 0, "over") != "1" {
		t.Errorf("%s", q.raw)
	}
	o.sound()
}
