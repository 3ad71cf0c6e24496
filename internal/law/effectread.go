package law

import "slices"

// What the reader asks of a rule beyond its spelling: that nothing is left out which would then be read as a word that opens
// something, and that nothing is said which no ruling would ever be made by.

// role is one that a rule can speak of; a person of role none is no auxiliary (Art. 3).
func (d *decoder) role(n node) Role {
	r := word[Role](d, n, roleWords)
	if r == RoleNone {
		d.fail(n, "a rule speaks of field or of civilian auxiliaries; for both leave the role out")
	}
	return r
}

// outcome is one of those that an exception may have; the words of the ruling are written for them.
func (d *decoder) outcome(n node, allowed ...Outcome) Outcome {
	o := word[Outcome](d, n, outcomeWords)
	if !slices.Contains(allowed, o) {
		d.fail(n, "an exception cannot be %s", n.text)
	}
	return o
}

// among: only what is closed has an exception.
func (d *decoder) among(n node, excepted, closed []string) {
	for _, act := range excepted {
		if !slices.Contains(closed, act) {
			d.fail(n, "except: act %q is not closed here", act)
		}
	}
}

// fitsKind: what only some items understand stands on no other.
func (d *decoder) fitsKind(n node, it *item) {
	switch {
	case n.has("role") && !it.kind.permits() && it.kind != forbids:
		d.fail(n, "role: an item that permits or forbids has one; a condition has its own")
	case n.has("enabled") && it.kind != catchAll:
		d.fail(n, "enabled: belongs to a catch-all")
	case n.has("for") && len(it.obligations) == 0:
		d.fail(n, "for: narrows the obligations of its item, and there are none")
	}
}

// needs are the parameters without which a condition would ask nobody, or accept more than was said.
var needs = map[kind][]string{kindArrangement: {"by"}, kindOfficerCommand: {"list", "remote"}}

// whole: a condition says what it asks, of whom, and only what its kind understands.
func (d *decoder) whole(n node, c *condition) {
	d.required(n, append([]string{"obligation"}, needs[c.kind]...)...)
	ofRole := c.kind == kindQualification || c.kind == kindOfficerCommand
	switch {
	case n.has("role") && !ofRole:
		d.fail(n, "%s is asked of every auxiliary, not of one role", c.kind)
	case n.has("other_role") && !n.has("role"):
		d.fail(n, "other_role: other than which role")
	case n.has("officers") && n.has("any_of"):
		d.fail(n, "officers: stands in any_of already")
	}
}

// bounds is the key each piece of advice is measured by.
var bounds = map[string][]string{adviceTeam: {"min"}, adviceSpan: {"max"}}

func (d *decoder) bounded(n node, code string) {
	d.required(n, append([]string{"advice"}, bounds[code]...)...)
	for _, key := range []string{"min", "max"} {
		if n.has(key) && !slices.Contains(bounds[code], key) {
			d.fail(n, "%s: means nothing to %s", key, code)
		}
	}
}
