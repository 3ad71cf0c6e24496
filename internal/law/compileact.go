package law

var roleNames = [...]Text{
	RoleNone:     {"非辅警人员", "a person who is no auxiliary"},
	RoleField:    {"勤务辅警", "field auxiliary"},
	RoleCivilian: {"文职辅警", "civilian auxiliary"},
}

var chooseRole = [...]remedy{RoleNone: assignOfficer, RoleField: chooseField, RoleCivilian: chooseCivilian}

// act compiles who may do an act: for each role the item that permits it, forbids it, or permits it to the other role only.
func (c *compiler) act(rule *actRule, code string) {
	name := c.layers[0].names[code]
	rule.emergency = name.emergency
	for role := RoleNone; role <= RoleCivilian; role++ {
		rule.byRole[role] = c.forRole(code, role, name.Text)
	}
	for i, h := range c.homes[code] {
		if i == 0 || h.it.kind.permits() || h.it.role == RoleNone { // an item that forbids it to one role is not where it stands
			c.book.acts[c.book.index[code]].stand(h)
		}
	}
}

func (h *home) cite() string { return h.ins.cite(h.it.ref) }

func (a *ActInfo) stand(h home) {
	a.Item, a.Role, a.Led = h.cite(), RoleNone, h.it.led()
	if h.it.kind.permits() {
		a.Role = h.it.role
	}
}

// forRole is what the law says of an act to one role. A prohibition wins; an item for the role comes before one for the other.
func (c *compiler) forRole(code string, role Role, name Text) *finding {
	var bar, barsOther, permit, other *home
	for i := range c.homes[code] {
		h := &c.homes[code][i]
		switch {
		case h.it.kind == forbids && role != RoleNone && h.it.speaksOf(role):
			bar = h
		case h.it.kind == forbids:
			barsOther = h
		case role != RoleNone && c.open(h.it, code, role):
			permit = h
		default:
			other = h
		}
	}
	switch {
	case role == RoleNone:
		return c.noAuxiliary(other, barsOther, name)
	case bar != nil:
		return bar.forbids(role, other, name)
	case permit != nil:
		return permittedAct(permit.cite(), role, permit.it.led(), name, permit.it.entry(code).basis)
	case other != nil:
		return outsideAct(other.cite(), role, other.it.role, name)
	case barsOther != nil:
		return unpermittedAct(barsOther.cite(), role, name)
	}
	return c.repealedAct(name)
}

// forbids is what an item that forbids an act says to a role; when it bars that role only, an item may permit the act to the other.
func (h *home) forbids(role Role, other *home, name Text) *finding {
	switch {
	case h.it.role == RoleNone:
		return forbiddenAct(h.cite(), name)
	case other != nil:
		return forbiddenRole(h.cite(), role, chooseRole[other.it.role], name)
	}
	return forbiddenRole(h.cite(), role, assignOfficer, name)
}

// repealedAct is what is left of an act whose items have been repealed, or are not in force yet.
func (c *compiler) repealedAct(name Text) *finding {
	base := c.layers[0]
	return render(base.cite(base.entryIntoForce()), OutsideScope, "act=not_in_force", awaitForce, Text{
		"该日期没有施行中的条文允许“" + name.ZH + "”。", "At that date no item in force permits this: " + name.EN + ".",
	})
}

// open says whether an item permits an act to a role: the item's own, or by a reading the other. What the rulebook itself enters
// under a catch-all is shut until the reading enables it; what the organ registered, by two persons, is in use by that.
func (c *compiler) open(it *item, code string, role Role) bool {
	enabled := it.enabled != nil && c.values.of(*it.enabled) == "true"
	if it.kind == catchAll && !enabled && !it.entry(code).registered {
		return false
	}
	if it.role == role || it.role == RoleNone {
		return true
	}
	return it.otherRole != nil && reaches(terms(c.values.of(*it.otherRole)), it.ref)
}

// noAuxiliary cites who is an auxiliary, and beside it the item that permits the act to those who are. Where nothing says who is
// one, what is left is that item, or the one that forbids the act to auxiliaries.
func (c *compiler) noAuxiliary(h, bar *home, name Text) *finding {
	var beside *finding
	r := assignOfficer
	if h != nil {
		r = chooseRole[h.it.role]
		beside = outsideAct(h.cite(), RoleNone, h.it.role, name)
	}
	for ins, it := range c.items() {
		for _, o := range it.obligations {
			if o.kind == kindAuxiliary && ins == c.layers[0] {
				fd := render(ins.cite(it.ref), OutsideScope, "role=none", r, Text{
					"该人员不属于辅警，不得从事警务辅助工作；请改派辅警或者人民警察。",
					"This person is no auxiliary and may do no auxiliary work. Choose an auxiliary or an officer.",
				})
				fd.beside = beside
				return fd
			}
		}
	}
	switch {
	case beside != nil:
		return beside
	case bar != nil:
		return unpermittedAct(bar.cite(), RoleNone, name)
	}
	return c.repealedAct(name)
}
