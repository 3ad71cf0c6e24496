package law_test

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// lakeside is a made-up second city, data only: one tier of field work under the organ's or an officer's arrangement, a make-up of
// the unit, a catch-all with an entry, an item that was repealed and one that came later, and no definition of an auxiliary.
func lakeside() fstest.MapFS {
	files := fstest.MapFS{}
	put := func(name, text string) { files["lakeside-2020/"+name] = &fstest.MapFile{Data: []byte(text)} }
	put("instrument.yaml", "id: lakeside-2020\ntitle: {zh: 湖滨市条例, en: Lakeside regulation}\nlayer: city\n")
	put("source.txt", "第一条　勤务辅警可以从事：（一）巡逻；（二）堵控；（三）按照国家规定的其他工作。\n"+
		"第一百二十条　应当遵守规定。\n第二百〇一条　不得从事侦查。\n第二百一十条　自2020年1月1日起施行。\n")
	put("acts.yaml", "acts:\n  patrol: {zh: 巡逻, en: patrol, emergency: true}\n  block: {zh: 堵控, en: blocking}\n"+
		"  drone-watch: {zh: 无人机巡查, en: drone watch}\n  investigation: {zh: 侦查, en: investigation}\n")
	put("art001.yaml", `
article: 1
effective_from: 2020-01-01
words: 第一条　勤务辅警可以从事：（一）巡逻；（二）堵控；（三）按照国家规定的其他工作。
gloss: field work
role: field
conditions: [{obligation: arrangement, by: organ_or_officer}]
items:
  - {item: "1(1)", kind: permits, acts: [patrol], other_role: "1(2)"}
  - {item: "1(2)", kind: permits, role: field, acts: [block], other_role: "1(2)", effective_to: 2023-01-01}
  - item: "1(3)"
    kind: catch_all
    enabled: {reading: entries}
    entries: [{act: drone-watch, basis: State provision 7}]
`)
	put("art120.yaml", `
article: 120
effective_from: 2020-01-01
words: 第一百二十条　应当遵守规定。
gloss: conduct
items:
  - item: "120"
    kind: requires
    obligations:
      - {obligation: combination, acts: [block], any_of: [{officers: 2}, {officers: 1, auxiliaries: 2}]}
      - {obligation: recording, items: {reading: scope}, unknown: block}
      - {obligation: status}
`)
	put("art201.yaml", `
article: 201
effective_from: 2020-01-01
words: 第二百〇一条　不得从事侦查。
gloss: forbidden
items: [{item: "201", kind: forbids, acts: [investigation]}]
`)
	put("art210.yaml", `
article: 210
effective_from: 2020-01-01
effective_to: 2030-01-01
words: 第二百一十条　自2020年1月1日起施行。
gloss: in force
items: [{item: "210", kind: requires, obligations: [{obligation: in_force}]}]
`)
	put("readings.yaml", `
readings:
  - {id: entries, asks: {zh: 是否启用？, en: "in use?"}, default: "true", options: ["true", "false"], set_by: legal, memo: m1, valid_from: 2020-01-01}
  - {id: scope, asks: {zh: 哪些工作应当录制？, en: "what is recorded?"}, default: "1-1(2)", options: ["1-1(2)", "1"], set_by: legal, memo: m2, valid_from: 2020-01-01}
`)
	return files
}

func TestSecondCityIsDataOnly(t *testing.T) {
	t.Parallel()
	book := loaded(t, lakeside(), "lakeside-2020", nil)
	shut := loaded(t, lakeside(), "lakeside-2020", map[string]string{"entries": "false", "scope": "1"})
	day := func(year int) time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
	field := law.Auxiliary{ID: "a1", Role: law.RoleField, Status: law.StatusActive}
	second := field
	second.ID = "a2"
	civilian, volunteer := field, field
	civilian.Role, volunteer.Role = law.RoleCivilian, law.RoleNone
	there := func(id string) law.Officer {
		return law.Officer{ID: id, OnDuty: law.Yes, Presence: law.PresencePresent}
	}
	for _, c := range []struct {
		name     string
		book     *law.Book
		at       time.Time
		act      string
		organ    law.Answer
		officer  law.Answer
		people   []law.Auxiliary
		officers []law.Officer
		want     law.Outcome
		cites    string
	}{
		{"patrol with its camera unknown", book, day(2022), "patrol", law.Yes, law.No, []law.Auxiliary{field}, nil, law.NeedsHuman, "lakeside-2020 120"},
		{"the officer's arrangement is enough", book, day(2022), "block", law.No, law.Yes, []law.Auxiliary{field}, []law.Officer{there("p1"), there("p2")}, law.Permitted, "lakeside-2020 1(2)"},
		{"neither arranged", book, day(2022), "block", law.No, law.No, []law.Auxiliary{field}, []law.Officer{there("p1"), there("p2")}, law.Unmet, "lakeside-2020 1(2)"},
		{"either is not known", book, day(2022), "block", law.No, law.Unknown, []law.Auxiliary{field}, []law.Officer{there("p1"), there("p2")}, law.NeedsHuman, "lakeside-2020 1(2)"},
		{"one officer and one auxiliary", book, day(2022), "block", law.Yes, law.No, []law.Auxiliary{field}, []law.Officer{there("p1")}, law.Unmet, "lakeside-2020 120"},
		{"one officer and two auxiliaries", book, day(2022), "block", law.Yes, law.No, []law.Auxiliary{field, second}, []law.Officer{there("p1")}, law.Permitted, "lakeside-2020 1(2)"},
		{"a camera is asked for under another scope", shut, day(2022), "block", law.Yes, law.No, []law.Auxiliary{field, second}, []law.Officer{there("p1")}, law.NeedsHuman, "lakeside-2020 120"},
		{"an item open to the other role", book, day(2022), "block", law.Yes, law.No, []law.Auxiliary{civilian, second}, []law.Officer{there("p1")}, law.Permitted, "lakeside-2020 1(2)"},
		{"an item that is not", book, day(2022), "patrol", law.Yes, law.No, []law.Auxiliary{civilian}, nil, law.OutsideScope, "lakeside-2020 1(1)"},
		{"a repealed item", book, day(2023), "block", law.Yes, law.No, []law.Auxiliary{field, second}, []law.Officer{there("p1")}, law.OutsideScope, "lakeside-2020 210"},
		{"an entry in use", book, day(2022), "drone-watch", law.Yes, law.No, []law.Auxiliary{field}, nil, law.NeedsHuman, "lakeside-2020 1(3)"},
		{"an entry not in use", shut, day(2022), "drone-watch", law.Yes, law.No, []law.Auxiliary{field}, nil, law.OutsideScope, "lakeside-2020 1(3)"},
		{"forbidden work", book, day(2022), "investigation", law.Yes, law.No, []law.Auxiliary{field}, nil, law.Prohibited, "lakeside-2020 201"},
		{"a volunteer on patrol", book, day(2022), "patrol", law.Yes, law.No, []law.Auxiliary{volunteer}, nil, law.OutsideScope, "lakeside-2020 1(1)"},
		{"a volunteer on forbidden work", book, day(2022), "investigation", law.Yes, law.No, []law.Auxiliary{volunteer}, nil, law.OutsideScope, "lakeside-2020 201"},
		{"before it is in force", book, day(2019), "patrol", law.Yes, law.No, []law.Auxiliary{field}, nil, law.OutsideScope, "lakeside-2020 210"},
		{"after it", book, day(2031), "patrol", law.Yes, law.No, []law.Auxiliary{field}, nil, law.OutsideScope, "lakeside-2020 210"},
	} {
		f := law.Facts{
			At: c.at, Phase: law.Start, Acts: []string{c.act}, Auxiliaries: c.people, Officers: c.officers,
			Arrangement: law.Arrangement{Organ: c.organ, Officer: c.officer},
		}
		r, err := c.book.Rule(&f)
		cited := slices.ContainsFunc(r.Reasons, func(x law.Reason) bool { return x.Citation == c.cites })
		if err != nil || r.Outcome != c.want || !cited {
			t.Errorf("%s: %s %v, want %s citing %s", c.name, r.Outcome, err, c.want, c.cites)
		}
	}
	emergency := law.Facts{
		At: day(2022), Phase: law.Start, Acts: []string{"patrol"}, Auxiliaries: []law.Auxiliary{field}, Emergency: true,
	}
	if r, _ := book.Rule(&emergency); r.Outcome != law.Conditional {
		t.Errorf("an emergency: %s", r.Outcome)
	}
}

// Around each date on which something changes, one second before is the old law and the first second the new one.
func TestDateSweep(t *testing.T) {
	t.Parallel()
	city := loaded(t, lakeside(), "lakeside-2020", nil)
	zone := time.FixedZone("", 8*60*60)
	for _, c := range []struct {
		book     *law.Book
		act      string
		edge     time.Time
		old, new law.Outcome
	}{
		{law.Default(), "clerical-assistance", time.Date(2021, 9, 1, 0, 0, 0, 0, zone), law.OutsideScope, law.Permitted},
		{city, "block", time.Date(2020, 1, 1, 0, 0, 0, 0, zone), law.OutsideScope, law.Permitted},
		{city, "block", time.Date(2023, 1, 1, 0, 0, 0, 0, zone), law.Permitted, law.OutsideScope},
		{city, "investigation", time.Date(2030, 1, 1, 0, 0, 0, 0, zone), law.Prohibited, law.OutsideScope},
	} {
		role := law.RoleField
		if c.act == "clerical-assistance" {
			role = law.RoleCivilian
		}
		f := orderly(c.act, false)
		f.Auxiliaries[0].Role = role
		for _, id := range []string{"p1", "p2"} {
			f.Officers = append(f.Officers, law.Officer{ID: id, OnDuty: law.Yes, Presence: law.PresencePresent})
		}
		for shift, want := range map[time.Duration]law.Outcome{
			-24 * time.Hour: c.old, -time.Second: c.old, -time.Nanosecond: c.old, 0: c.new, time.Second: c.new, 24 * time.Hour: c.new,
		} {
			for _, in := range []*time.Location{zone, time.UTC, time.FixedZone("", -5*60*60)} {
				f.At = c.edge.Add(shift).In(in)
				v, err := c.book.Decide(f)
				if err != nil || v.Outcome != want {
					t.Errorf("%s at %s: %s %v, want %s", c.act, f.At, v.Outcome, err, want)
				}
			}
		}
	}
}
