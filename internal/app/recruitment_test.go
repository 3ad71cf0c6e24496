package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// applies registers an applicant with the riverside station, and answers where they are.
func (h *hand) applies(changes object) (path string) {
	h.s.t.Helper()
	a := object{"organ": riverside, "class": "field_auxiliary", "name": "应聘人", "born": "2001-01-15", "education": "senior_secondary", "priorities": []string{"veteran"}}
	for key, value := range changes {
		a[key] = value
	}
	return "/v1/applicants/" + h.post("/v1/applicants", a).want(201).text("id")
}

// stages are those of Art. 11.
func stages() []string { return law.Default().Stages(time.Now()) }

func (h *hand) passes(path, stage string) reply {
	return h.put(path+"/stages/"+stage, object{"passed": true, "on": "2026-03-02"})
}

var nothingAgainst = object{"chinese_national": "yes", "conduct": "yes", "ability": "yes", "fitness": "yes", "bars": []object{
	{"bar": "criminal", "declared": "no"},
	{"bar": "detention", "declared": "no"},
	{"bar": "vice_or_drugs", "declared": "no"},
	{"bar": "dismissed", "declared": "no"},
	{"bar": "dishonest", "declared": "no"},
	{"bar": "unsuitable", "declared": "no"},
}}

// TestARecruitment goes from the announcement to the roster, and from there not to duty: whoever is hired is trained first (Art. 33).
func TestARecruitment(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	path := personnel.applies(nil)
	if r := personnel.passes(path, "registration").want(409); r.text("code") != "stage_order" {
		t.Errorf("%s", r.raw)
	}
	personnel.passes(path, "announcement").want(200)
	personnel.put(path+"/stages/registration", object{"passed": true, "on": "2026-03-01"}).want(400) // before the announcement
	personnel.passes(path, "registration").want(200)
	refused := personnel.passes(path, "qualification_review").want(422) // nobody has looked at the nationality
	if refused.text("code") != "refused_by_law" || !refused.cites("cq-2021 9(1)") {
		t.Errorf("%s", refused.raw)
	}
	personnel.put(path+"/declarations", object{"chinese_national": "yes"}).want(200)
	reviewed := personnel.passes(path, "qualification_review").want(200)
	if reviewed.text("ruling", "outcome") != "conditional" || !reviewed.cites("cq-2021 12¶1(2)") {
		t.Errorf("%s", reviewed.raw)
	}
	for _, stage := range stages()[3:] {
		personnel.passes(path, stage).want(200)
	}
	number := numbered()
	hire := func() reply { return personnel.post(path+"/hire", object{"number": number}) }
	if r := hire().want(422); !r.cites("cq-2021 10(1)") {
		t.Errorf("%s", r.raw)
	}
	personnel.put(path+"/declarations", nothingAgainst).want(200)
	hired := hire().want(200)
	before := o.events()
	if again := hire().want(200); again.text("applicant", "person") != hired.text("applicant", "person") || o.events() != before {
		t.Errorf("%s", again.raw)
	}
	personnel.post(path+"/hire", object{"number": numbered()}).want(409)
	person := personnel.get("/v1/people/" + hired.text("applicant", "person")).want(200)
	if person.text("person", "number") != number || person.text("person", "status") != "active" || len(person.at("person", "training").([]any)) > 0 {
		t.Errorf("%s", person.raw)
	}
	order := object{"acts": []string{"patrol"}, "place": object{"name": "江岸码头"}, "members": []object{{"person": person.text("person", "id")}}}
	if r := o.officer().post("/v1/tasks", order).want(422); !r.cites("cq-2021 33¶1") {
		t.Errorf("%s", r.raw)
	}
	for kind, want := range map[string]int{"applicant.registered": 1, "applicant.refused": 2, "applicant.admitted": 2, "applicant.hired": 1, "applicant.declared": 2, "applicant.stage": 9} {
		if n := o.count(`SELECT count(*) FROM event WHERE kind = $1 AND body::jsonb ->> 'applicant' = $2`, kind, path[len("/v1/applicants/"):]); n != want {
			t.Errorf("%d events %s, want %d", n, kind, want)
		}
	}
	if n := o.count(`SELECT count(*) FROM event e JOIN applicant_ruling r ON r.event_id = e.id
		WHERE e.body::jsonb ->> 'digest' = encode(sha256(convert_to(r.ruling::text, 'UTF8')), 'hex')`); n != 4 {
		t.Errorf("%d rulings are covered by their event", n)
	}
	o.sound()
}

// TestABarredApplicantIsNotHired: by the clause and no word more, neither in the ruling nor in what is kept.
func TestABarredApplicantIsNotHired(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	path := personnel.applies(nil)
	declared := object{"chinese_national": "yes", "bars": []object{{"bar": "criminal", "declared": "yes"}}}
	personnel.put(path+"/declarations", declared).want(200)
	for _, stage := range stages()[:2] {
		personnel.passes(path, stage).want(200)
	}
	if r := personnel.passes(path, "qualification_review").want(422); r.text("ruling", "outcome") != "prohibited" || !r.cites("cq-2021 10(1)") {
		t.Errorf("%s", r.raw)
	}
	shown := personnel.get(path).want(200)
	if len(shown.at("stages").([]any)) != 2 || shown.text("ruling", "outcome") != "prohibited" || shown.text("checked_by") != personnel.person.String() {
		t.Errorf("%s", shown.raw)
	}
	personnel.put(path+"/declarations", object{"bars": []object{{"bar": "tattoo", "declared": "no"}}}).want(400)
	personnel.put(path+"/declarations", object{"bars": []object{{"bar": "criminal", "declared": "no", "details": "x"}}}).want(400)
	for name, c := range map[string]object{
		"too young": {"born": time.Now().AddDate(-16, 0, 0).Format(time.DateOnly)}, "too old": {"born": "1980-01-01"}, "not schooled": {"education": "below"},
		"a clerk without college": {"class": "civilian_auxiliary"},
	} {
		path := personnel.applies(c)
		personnel.put(path+"/declarations", nothingAgainst).want(200)
		personnel.passes(path, "announcement").want(200)
		personnel.passes(path, "registration").want(200)
		if r := personnel.passes(path, "qualification_review").want(422); r.text("ruling", "outcome") != "unmet" {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
	o.sound()
}

// TestApplicantsAreForPersonnelOfTheirOrgan, and for nobody else.
func TestApplicantsAreForPersonnelOfTheirOrgan(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	path := personnel.applies(nil)
	abroad := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RolePersonnel})
	for _, r := range []reply{
		abroad.get(path), abroad.put(path+"/declarations", nothingAgainst), abroad.passes(path, "announcement"), abroad.post(path+"/hire", object{"number": numbered()}),
	} {
		r.want(404)
	}
	if strings.Contains(string(abroad.get("/v1/applicants").want(200).raw), path[len("/v1/applicants/"):]) {
		t.Error("the sister station sees the applicant")
	}
	abroad.post("/v1/applicants", object{"organ": riverside, "class": "field_auxiliary", "name": "甲", "born": "2001-01-15", "education": "college"}).want(400)
	o.officer().get(path).want(403)
	if !strings.Contains(string(o.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RolePersonnel}).get("/v1/applicants").want(200).raw), path[len("/v1/applicants/"):]) {
		t.Error("the station does not see its applicant")
	}
}

// TestAnApplicationIsRetriedAsOne, and a number that somebody has is nobody else's.
func TestAnApplicationIsRetriedAsOne(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel, key := o.personnel(), newKey()
	a := object{"organ": riverside, "class": "civilian_auxiliary", "name": "甲", "born": "2001-01-15", "education": "college"}
	first := personnel.command("/v1/applicants", key, a).want(201)
	if again := personnel.command("/v1/applicants", key, a).want(201); again.text("id") != first.text("id") {
		t.Errorf("%s", again.raw)
	}
	a["name"] = "乙"
	personnel.command("/v1/applicants", key, a).want(422)
	path := "/v1/applicants/" + first.text("id")
	personnel.put(path+"/declarations", nothingAgainst).want(200)
	for _, stage := range stages() {
		personnel.passes(path, stage).want(200)
		personnel.passes(path, stage).want(200) // said before
	}
	var number string
	o.must(o.sql.QueryRow(t.Context(), `SELECT number FROM person WHERE id = $1`, o.clerk().person).Scan(&number))
	if r := personnel.post(path+"/hire", object{"number": number}).want(409); r.text("code") != "number_taken" {
		t.Errorf("%s", r.raw)
	}
	failed := personnel.applies(nil)
	personnel.put(failed+"/stages/announcement", object{"passed": false, "on": "2026-03-02"}).want(200)
	personnel.passes(failed, "registration").want(409)
	personnel.put(failed+"/stages/dancing", object{"passed": true, "on": "2026-03-02"}).want(400)
	personnel.put(personnel.applies(nil)+"/stages/announcement", object{"passed": true, "on": time.Now().AddDate(0, 0, 2).Format(time.DateOnly)}).want(400)
}
