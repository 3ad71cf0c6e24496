package prove

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/dutybound/dutybound/internal/law"
)

// unit is who goes: the officers, how many auxiliaries, and the command for restraint equipment, which is weighed by the
// officers. Officers are folded by law.Standing but for the one who leads; whoever is away cannot be seen and is left out.
func unit(officers, auxiliaries int) part {
	p := part{
		name: "unit",
		facts: []string{
			"officers.lead", "officers.lead.on_duty", "officers.lead.same_organ", "officers.lead.presence", "officers.leads",
			"officers.others.present", "officers.others.unknown", "officers.others.coming", "officers.others.may_come",
			"command", "command.recorded", "auxiliaries",
		},
		fields: []string{
			"Officers.Lead", "Officers.OnDuty", "Officers.SameOrgan", "Officers.Presence", "Command.Mode", "Command.Recorded",
		},
	}
	for _, c := range crews(officers) {
		for _, order := range orders {
			for n := 1; n <= auxiliaries; n++ {
				p.values = append(p.values, value{
					words: unitWords(c, order, n),
					cost:  crewCost(c) + orderCost(order) + n - 1,
					set:   func(f *law.Facts) { send(f, c, order, n) },
				})
			}
		}
	}
	slices.SortStableFunc(p.values, func(x, y value) int { return x.cost - y.cost })
	p.unfolded = new(big.Int).Mul(countCrews(officers), big.NewInt(int64(len(orders)*auxiliaries)))
	return p
}

// send gives the task its officers, their order, and n auxiliaries who are like the first.
func send(f *law.Facts, officers []law.Officer, order *law.Command, n int) {
	f.Officers, f.Command = officers, order
	for len(f.Auxiliaries) < n {
		next := f.Auxiliaries[0]
		next.ID = "a" + strconv.Itoa(len(f.Auxiliaries)+1)
		f.Auxiliaries = append(f.Auxiliaries, next)
	}
	f.Auxiliaries = f.Auxiliaries[:n]
}

// orders are the commands there can be; an order without a mode is as good as none, and the law is held to that too.
var orders = func() []*law.Command {
	list := []*law.Command{nil}
	for mode := law.ModeNone; mode <= law.ModeLead; mode++ {
		list = append(list, &law.Command{Mode: mode, Recorded: true}, &law.Command{Mode: mode})
	}
	return list
}()

func orderWords(c *law.Command) []string {
	switch {
	case c == nil:
		return []string{"none", "false"}
	case c.Mode == law.ModeNone:
		return []string{"empty", strconv.FormatBool(c.Recorded)}
	}
	return []string{c.Mode.String(), strconv.FormatBool(c.Recorded)}
}

func orderCost(c *law.Command) int {
	switch {
	case c == nil:
		return 0
	case c.Recorded && c.Mode != law.ModeNone:
		return 1
	}
	return 2
}

// standings are the officers that can be told apart where nobody of them leads alone.
var standings = [...]law.Officer{
	law.OfficerAway:       {OnDuty: law.Yes, SameOrgan: law.Yes, Presence: law.PresenceAbsent},
	law.OfficerMayCome:    {OnDuty: law.Unknown, SameOrgan: law.Yes, Presence: law.PresenceEnRoute},
	law.OfficerComing:     {OnDuty: law.Yes, SameOrgan: law.Yes, Presence: law.PresenceEnRoute},
	law.OfficerMayBeThere: {OnDuty: law.Yes, SameOrgan: law.Yes, Presence: law.PresenceUnknown},
	law.OfficerThere:      {OnDuty: law.Yes, SameOrgan: law.Yes, Presence: law.PresencePresent},
}

// crews are the officers of a unit, up to most: nobody leads, one does (in all states), or several do.
func crews(most int) (all [][]law.Officer) {
	for others := range bags(standings[1:], most) {
		all = append(all, named(nil, others))
	}
	for _, lead := range officerStates {
		if !lead.Lead {
			continue
		}
		for others := range bags(standings[1:], most-1) {
			all = append(all, named([]law.Officer{lead}, others))
		}
	}
	for leads := range bags(standings[:], most) {
		if len(leads) < 2 {
			continue
		}
		for i := range leads {
			leads[i].Lead = true
		}
		for others := range bags(standings[1:], most-len(leads)) {
			all = append(all, named(leads, others))
		}
	}
	return all
}

// bags walks the bags of up to n officers of the kinds given.
func bags(kinds []law.Officer, n int) func(func([]law.Officer) bool) {
	return func(yield func([]law.Officer) bool) { fill(kinds, n, nil, yield) }
}

func fill(kinds []law.Officer, n int, bag []law.Officer, yield func([]law.Officer) bool) bool {
	if !yield(slices.Clone(bag)) {
		return false
	}
	for i := range kinds {
		if n > 0 && !fill(kinds[i:], n-1, append(bag, kinds[i]), yield) {
			return false
		}
	}
	return true
}

func named(leads, others []law.Officer) []law.Officer {
	all := slices.Concat(leads, others)
	for i := range all {
		all[i].ID = "p" + strconv.Itoa(i+1)
	}
	return all
}

// officerStates are all states of one officer.
var officerStates = func() (all []law.Officer) {
	for presence := law.PresenceUnknown; presence <= law.PresenceEnRoute; presence++ {
		for duty := law.Unknown; duty <= law.Yes; duty++ {
			for organ := law.Unknown; organ <= law.Yes; organ++ {
				for _, lead := range []bool{false, true} {
					all = append(all, law.Officer{Lead: lead, OnDuty: duty, SameOrgan: organ, Presence: presence})
				}
			}
		}
	}
	return all
}()

// countCrews is the number of bags of up to most officers in all their states.
func countCrews(most int) *big.Int {
	states, total := int64(len(officerStates)), new(big.Int)
	for k := range int64(most) + 1 {
		total.Add(total, new(big.Int).Binomial(states+k-1, k))
	}
	return total
}

// unitWords are the words for any unit, folded or not.
func unitWords(officers []law.Officer, order *law.Command, auxiliaries int) []string {
	return slices.Concat(crewWords(officers), orderWords(order), []string{strconv.Itoa(auxiliaries)})
}

func crewWords(officers []law.Officer) []string {
	var leads, others [len(standings)]int
	words := []string{"none", "-", "-", "-", "-"}
	for i := range officers {
		o := &officers[i]
		if !o.Lead {
			others[o.Standing()]++
			continue
		}
		leads[o.Standing()]++
		if words[0] == "none" {
			words = []string{"one", o.OnDuty.String(), o.SameOrgan.String(), o.Presence.String(), "-"}
		} else {
			words = []string{"several", "-", "-", "-", fmt.Sprint(leads)}
		}
	}
	for _, s := range []law.Standing{law.OfficerThere, law.OfficerMayBeThere, law.OfficerComing, law.OfficerMayCome} {
		words = append(words, strconv.Itoa(others[s]))
	}
	return words
}

// crewCost counts what differs from one leading officer, on duty and present.
func crewCost(officers []law.Officer) int {
	cost, leads := 0, 0
	for i := range officers {
		o := &officers[i]
		if o.Lead {
			leads++
		}
		for _, off := range []bool{o.OnDuty != law.Yes, o.SameOrgan != law.Yes, o.Presence != law.PresencePresent, i > 0} {
			if off {
				cost++
			}
		}
	}
	if leads != 1 {
		cost++
	}
	return cost
}

// asked is what a scene asks of the unit: whatever it does not ask cannot be told apart.
type asked struct{ lead, counts, coming, command bool }

// views are the kinds of conditions that look at the unit.
const views = 4

// viewsAbout is, of each view, how the fact of a reason about it begins.
var viewsAbout = [views][]string{
	{"officers.lead"},
	{"officers.present=unknown", "officers.present=too_few", "officers.present=enough", "officers.present=lead_unknown"},
	{"officers.presence=", "officers.present=none", "officers.present=some"},
	{"command", "emergency=", "equipment.item=", "equipment=restraint role="},
}

// only is what one view asks.
func (a asked) only(view int) asked {
	return [views]asked{{lead: a.lead}, {counts: a.counts}, {coming: a.coming}, {command: a.command}}[view]
}

func askedIn(r *law.Ruling) (a asked) {
	for _, o := range r.Obligations {
		switch o.Kind {
		case "lead_officer":
			a.lead = true
		case "min_officers", "combination":
			a.counts = true
		case "officer_en_route":
			a.coming = true
		case "officer_command":
			a.command = true
		}
	}
	return a
}

// sees is the unit as the conditions asked for see it: what looks alike here is ruled alike.
func (a asked) sees(f *law.Facts) [14]uint8 {
	var leads, others [len(standings)]uint8
	var one *law.Officer
	for i := range f.Officers {
		if o := &f.Officers[i]; o.Lead {
			leads[o.Standing()]++
			one = o
		} else {
			others[o.Standing()]++
		}
	}
	var seen [14]uint8
	if a.lead {
		seen[0] = 1 + min(sum(leads), 2)
	}
	if a.lead && sum(leads) == 1 {
		seen[1], seen[2], seen[3] = 1+uint8(one.OnDuty), 1+uint8(one.SameOrgan), 1+uint8(one.Presence)
	}
	total := func(s law.Standing) uint8 { return leads[s] + others[s] }
	if a.counts {
		seen[4], seen[5] = 1+total(law.OfficerThere), 1+leads[law.OfficerMayBeThere]
		seen[6], seen[7] = 1+others[law.OfficerMayBeThere], uint8(len(f.Auxiliaries))
	}
	if a.coming || a.command {
		seen[8], seen[9] = 1+min(total(law.OfficerThere), 1), 1+min(total(law.OfficerMayBeThere), 1)
	}
	if a.coming {
		seen[10], seen[11] = 1+min(total(law.OfficerComing), 1), 1+min(total(law.OfficerMayCome), 1)
	}
	if a.command && f.Command != nil {
		seen[12], seen[13] = 1+uint8(f.Command.Mode), 1
		if f.Command.Recorded {
			seen[13] = 2
		}
	}
	return seen
}

func sum(list [len(standings)]uint8) (n uint8) {
	for _, x := range list {
		n += x
	}
	return n
}
