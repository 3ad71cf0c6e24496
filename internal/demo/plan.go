package demo

import (
	"fmt"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

// Codes have the shape of GA 380: six digits of the division, two of the department, four of the serial. Squads add a suffix.
const (
	bureau    = "500000000000"
	district  = "500103000000"
	riverside = "500103550000"
	hillside  = "500103560000"
	oldGate   = "500103570000"
)

func squad(of string, n int) string { return fmt.Sprintf("%s-%02d", of, n) }

// member is one person of the plan. Of their organ only the code is set.
type member struct {
	duty.Person
	role  duty.Role // empty: no access
	scope string    // code of the organ the role is held over
}

// plan is the whole demo roster on paper.
type plan struct {
	organs  []roster.NewOrgan
	members []member

	today  time.Time
	names  *namer
	serial map[string]int // last number given out, by prefix
}

func newPlan(now time.Time) *plan {
	p := &plan{today: now.UTC().Truncate(24 * time.Hour), names: newNamer(), serial: map[string]int{}}
	for _, c := range cast {
		p.names.used[c.name] = true
	}
	p.unit(bureau, "重庆市公安局", duty.Bureau, "")
	p.unit(district, "重庆市公安局渝中区分局", duty.District, bureau)
	p.offices()
	p.station(riverside, "江岸派出所", 1)
	p.station(hillside, "青石坡派出所", 2)
	p.station(oldGate, "旧城门派出所", 3)
	for _, c := range cast {
		p.perform(c)
	}
	p.spoil()
	return p
}

func (p *plan) unit(code, name string, kind duty.OrganKind, above string) {
	p.organs = append(p.organs, roster.NewOrgan{Code: code, Name: name, Kind: kind, Above: above})
}

func (p *plan) squads(of string, names ...string) {
	for i, name := range names {
		p.unit(squad(of, i+1), name, duty.Squad, of)
	}
}

// offices are the bureau's and the district's own people.
func (p *plan) offices() {
	p.squads(district, "指挥中心", "法制大队", "政工室", "办案管理中心")
	p.officers(bureau, duty.RoleAuditor, bureau, "3099", 4)
	p.officers(squad(district, 1), duty.RoleOfficer, district, "3000", 8)
	p.officers(squad(district, 2), duty.RoleLegal, district, "3000", 4)
	p.officers(squad(district, 3), duty.RolePersonnel, district, "3000", 4)
	p.officers(squad(district, 4), duty.RoleOfficer, squad(district, 4), "3000", 6)
	p.auxiliaries(squad(district, 4), "FJ30", duty.FieldAuxiliary, facilityPost, 12)
	p.auxiliaries(squad(district, 1), "FJ30", duty.CivilianAuxiliary, technicPost, 8)
	p.auxiliaries(squad(district, 3), "FJ30", duty.CivilianAuxiliary, clerkPost, 4)
}

// station staffs one police station: n is its number in the district.
func (p *plan) station(code, name string, n int) {
	p.unit(code, name, duty.Station, district)
	p.squads(code, "社区警务队", "巡逻防控队", "案件办理队", "综合指挥室")
	police, helpers := fmt.Sprintf("310%d", n), fmt.Sprintf("FJ3%d", n)
	if code != riverside { // whose head is of the cast
		p.add(member{Person: p.person(code, p.number(police, 2), duty.Officer), role: duty.RoleStationHead, scope: code})
	}
	for i, count := range []int{3, 4, 4, 2} {
		p.officers(squad(code, i+1), duty.RoleOfficer, code, police, count)
	}
	p.auxiliaries(squad(code, 1), helpers, duty.FieldAuxiliary, communityPost, 10)
	p.auxiliaries(squad(code, 2), helpers, duty.FieldAuxiliary, patrolPost, 14)
	p.auxiliaries(squad(code, 2), helpers, duty.FieldAuxiliary, trafficPost, 7)
	p.auxiliaries(squad(code, 2), helpers, duty.FieldAuxiliary, eventPost, 6)
	p.auxiliaries(squad(code, 3), helpers, duty.FieldAuxiliary, responsePost, 8)
	p.auxiliaries(squad(code, 3), helpers, duty.FieldAuxiliary, facilityPost, 4)
	p.auxiliaries(squad(code, 4), helpers, duty.CivilianAuxiliary, clerkPost, 9)
	p.auxiliaries(squad(code, 4), helpers, duty.CivilianAuxiliary, technicPost, 3)
	p.auxiliaries(squad(code, 4), helpers, duty.CivilianAuxiliary, logisticPost, 3)
	for range 2 { // a guard and a cook: on the roster, and no auxiliaries (Art. 3)
		p.add(member{Person: p.person(squad(code, 4), p.number(fmt.Sprintf("QT3%d", n), 3), duty.Other)})
	}
}

func (p *plan) officers(unit string, role duty.Role, scope, prefix string, count int) {
	for range count {
		p.add(member{Person: p.person(unit, p.number(prefix, 2), duty.Officer), role: role, scope: scope})
	}
}

func (p *plan) auxiliaries(unit, prefix string, class duty.Class, at post, count int) {
	for range count {
		m := member{Person: p.person(unit, p.number(prefix, 3), class), role: duty.RoleAuxiliary, scope: unit}
		p.employ(&m.Person, at)
		p.add(m)
	}
}

// perform puts one of the story's people on the roster, fit for the post they hold.
func (p *plan) perform(c part) {
	person := duty.Person{Number: c.number, Name: c.name, Class: c.class, Status: law.StatusActive, Organ: duty.Organ{Code: c.unit}}
	if c.post != nil {
		p.employ(&person, *c.post)
	}
	p.add(member{Person: person, role: c.role, scope: c.scope})
}

func (p *plan) person(unit, number string, class duty.Class) duty.Person {
	return duty.Person{
		Number: number, Name: p.names.next(), Class: class, Status: law.StatusActive, Organ: duty.Organ{Code: unit},
	}
}

// number hands out the next number of a prefix, from 40 (officers) or 101 (others) up: those below belong to the cast.
func (p *plan) number(prefix string, digits int) string {
	if p.serial[prefix] == 0 {
		p.serial[prefix] = map[int]int{2: 39, 3: 100}[digits]
	}
	p.serial[prefix]++
	return fmt.Sprintf("%s%0*d", prefix, digits, p.serial[prefix])
}

func (p *plan) add(m member) { p.members = append(p.members, m) }

// employ gives a person the training and the gear of a post. The pass is valid for three years, a refresher is due each year.
func (p *plan) employ(person *duty.Person, at post) {
	passed := p.today.AddDate(0, -1-len(p.members)%10, 0)
	validTo, refresher := passed.AddDate(3, 0, 0), passed.AddDate(1, 0, 0)
	person.Training = []duty.Training{
		{Post: at.code, Items: at.items, PassedOn: passed, ValidTo: &validTo, RefresherDue: &refresher},
	}
	person.Equipment = at.gear
	if held := licences[len(p.members)%len(licences)]; held != "" && person.Class == duty.FieldAuxiliary {
		until := p.today.AddDate(2, 0, 0)
		person.Qualifications = []duty.Qualification{{Kind: held, ValidTo: &until}}
	}
}

// licences go round among the field auxiliaries (Art. 18).
var licences = []string{"", "car", "", "motorcycle", "", "", "car", "", "drone", "", "", "boat"}

// spoil makes the roster as untidy as a real one: trainings run out or missing, refreshers overdue, a suspension, a separation.
// The story's own people come last and stay fit.
func (p *plan) spoil() {
	nth := 0
	for i := range p.members[:len(p.members)-len(cast)] {
		m := &p.members[i].Person
		if m.Class != duty.FieldAuxiliary {
			continue
		}
		nth++
		switch {
		case nth%37 == 0:
			m.Training = nil
		case nth%29 == 0:
			passed, out := p.today.AddDate(-3, 0, -12), p.today.AddDate(0, 0, -12)
			m.Training[0].PassedOn, m.Training[0].ValidTo, m.Training[0].RefresherDue = passed, &out, nil
		case nth%17 == 0:
			passed, due := p.today.AddDate(-1, 0, -20), p.today.AddDate(0, 0, -20)
			m.Training[0].PassedOn, m.Training[0].RefresherDue = passed, &due
		case nth == 70:
			m.Status = law.StatusSuspended
		case nth == 120:
			m.Status = law.StatusSeparated
		}
	}
}
