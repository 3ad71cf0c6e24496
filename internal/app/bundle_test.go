package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// What a shift without signal needs is in one answer, and comes again only when it says something else.
func TestAShiftBeginsWithABundle(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	fetch := func(h *hand, tag string) reply {
		return h.ask("GET", "/v1/sync/bundle", nil, http.Header{"If-None-Match": {tag}})
	}
	first := fetch(u.member, `"nothing"`).want(200)
	tag := first.header.Get("ETag")
	if again := fetch(u.member, tag).want(304); len(again.raw) > 0 || again.header.Get("ETag") != tag {
		t.Errorf("%q %.100s", again.header.Get("ETag"), again.raw)
	}
	fetch(u.member, `"other", W/`+tag).want(304)
	fetch(u.colleague, tag).want(200) // another's
	if len(first.at("person", "training").([]any)) != len(fieldPosts) || len(first.at("measures").([]any)) < 8 || first.text("reading_set") == "" {
		t.Errorf("%.600s", first.raw)
	}
	acts := map[string]object{}
	for _, v := range first.at("acts").([]any) {
		act := v.(object)["act"].(object)
		acts[act["code"].(string)] = act
		if act["role"] != "field" || len(v.(object)["clauses"].([]any)) == 0 {
			t.Errorf("a field auxiliary gets %v", v)
		}
		alone := u.member.get("/v1/law/acts/" + act["code"].(string)).want(200)
		if alone.at("act", "item") != act["item"] {
			t.Errorf("the act says %v, the bundle %v", alone.at("act"), act)
		}
	}
	fallback := first.at("fallback").([]any)
	for _, v := range fallback {
		f := v.(object)
		if act := acts[f["act"].(string)]; act["led"] != false || !strings.HasPrefix(f["citation"].(string), "cq-2021 15") || f["words"] == "" {
			t.Errorf("falls back on %v", f)
		}
	}
	if len(fallback) < 5 || acts["stop-and-question"] == nil {
		t.Errorf("%d acts to fall back on", len(fallback))
	}

	task := u.dispatcher.sends(order("patrol", u.member))
	u.onDuty(u.lead)
	u.onDuty(u.spare) // is no officer
	abroad := o.hire(newcomer{class: "officer", organ: hillside, role: "officer"})
	u.onDuty(abroad)
	now := fetch(u.member, tag).want(200)
	if now.at("tasks", 0).(object)["id"] != task || len(now.at("rulings").([]any)) != 1 {
		t.Errorf("tasks %v", now.at("tasks"))
	}
	contacts := now.at("contacts").([]any)
	if len(contacts) != 1 || len(contacts[0].(object)) != 2 || contacts[0].(object)["number"] != u.number(u.lead.person) {
		t.Errorf("contacts %v", contacts)
	}
	clerk := fetch(o.clerk(), tag).want(200)
	if slices.ContainsFunc(clerk.at("acts").([]any), func(v any) bool { return v.(object)["act"].(object)["role"] != "civilian" }) {
		t.Error("a civilian auxiliary gets the acts of others")
	}
}

// onDuty opens a shift, as a check-in does.
func (o *office) onDuty(h *hand) {
	o.t.Helper()
	_, err := o.sql.Exec(o.t.Context(), `INSERT INTO shift (id, doc, started_at) SELECT s.id, jsonb_build_object('id', s.id, 'person', p.id,
			'organ', jsonb_build_object('path', p.path)), now() FROM person p, (SELECT gen_random_uuid() AS id) s WHERE p.id = $1`, h.person)
	o.must(err)
}

func (o *office) number(person uuid.UUID) (number string) {
	o.t.Helper()
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT number FROM person WHERE id = $1`, person).Scan(&number))
	return number
}
