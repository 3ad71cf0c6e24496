package app_test

import "testing"

// measured is a proposal that sets a measure, for all acts when none is named.
func measured(id string, value any, act ...string) object {
	policy := object{"measure": id, "value": value}
	if len(act) > 0 {
		policy["act"] = act[0]
	}
	return object{"policy": policy, "memo": "渝中公指〔2026〕3号", "reason": "山城地形"}
}

// measure is what a measure comes to at somebody's organ.
func (h *hand) measure(id string) float64 {
	h.s.t.Helper()
	law := h.get("/v1/law/readings").want(200)
	for _, m := range law.at("measures").([]any) {
		if m.(object)["id"] == id {
			return m.(object)["value"].(float64)
		}
	}
	h.s.t.Fatalf("no measure %s", id)
	return 0
}

// A measure goes the way of a reading: two persons, a memo, a date, the nearest organ, and an end.
func TestAMeasureIsSetAsAReadingIs(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	above, here, officer := o.counsel(district), o.counsel(riverside), o.officer()
	expect := func(when string, want float64) {
		t.Helper()
		if got := officer.measure("lead_radius_m"); got != want {
			t.Errorf("%s: %v metres, not %v", when, got, want)
		}
	}
	expect("at first", 100)
	id := above.first.proposes(measured("lead_radius_m", 150))
	expect("proposed only", 100)
	above.first.settles(id, "approve").want(403)
	above.second.settles(id, "approve").want(200)
	expect("the district sets it", 150)
	here.enacts(measured("lead_radius_m", 60))
	here.enacts(measured("lead_radius_m", 30, "stop-and-question"))
	expect("the station sets it", 60)
	law := officer.get("/v1/law/readings").want(200)
	for _, m := range law.at("measures").([]any) {
		if m := m.(object); m["id"] == "lead_radius_m" && m["set"].(object)["memo"] != "渝中公指〔2026〕3号" {
			t.Errorf("who set it: %v", m)
		}
	}
	if own := law.at("settings").([]any); len(own) != 2 {
		t.Errorf("in force beside the readings: %v", own)
	}
	here.enacts(object{"policy": object{"measure": "lead_radius_m"}, "end": true, "memo": "4号", "reason": "从分局"})
	expect("the station no longer sets it", 150)
	if n := o.count(`SELECT count(*) FROM event WHERE kind LIKE 'policy.%'`); n != 8 {
		t.Errorf("%d events, not two for each of four changes", n)
	}
	o.sound()
}

func TestAMeasureOutOfBoundsIsRefused(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.counsel(riverside)
	for what, c := range map[string]struct {
		body  object
		field string
	}{
		"no such measure":           {measured("lead_colour", 3), "body/policy/measure"},
		"too near":                  {measured("lead_radius_m", 1), "body/policy/value"},
		"too far":                   {measured("lead_radius_m", 90000), "body/policy/value"},
		"no number":                 {measured("lead_radius_m", "far"), "body/policy/value"},
		"no value":                  {object{"policy": object{"measure": "lead_radius_m"}, "memo": "1号", "reason": "试"}, "body/policy/value"},
		"an act that nobody does":   {measured("check_every_s", 900, "juggling"), "body/policy/act"},
		"one measure for all acts":  {measured("shift_longest_s", 36000, "patrol"), "body/policy/act"},
		"an end of what is not set": {object{"policy": object{"measure": "check_every_s"}, "end": true, "memo": "1号", "reason": "试"}, "body/end"},
	} {
		r := legal.first.post("/v1/law/proposals", c.body).want(400)
		if r.text("errors", 0, "field") != c.field {
			t.Errorf("%s: %s", what, r.raw)
		}
	}
}
