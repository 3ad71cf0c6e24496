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
	for _, h := range c.homes[code] {
		c.book.acts[c.book.index[code]].stand(h)
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
	var permit, other *home
	for i := range c.homes[code] {
		h := &c.homes[code][i]
		switch {
		case role == RoleNone:
			other = h
		case h.it.kind == forbids:
			return forbiddenAct(h.cite(), name)
		case c.open(h.it, code, role):
			permit = h
		default:
			other = h
		}
	}
	switch {
	case role == RoleNone:
		return c.noAuxiliary(other, name)
	case permit != nil:
		return permittedAct(permit.cite(), role, permit.it.led(), name, permit.it.entry(code).basis)
	case other != nil:
		return outsideAct(other.cite(), role, other.it.role, name)
	}
	return c.layers[0].closedFinding() // its items have been repealed, or are not in force yet
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

// noAuxiliary cites who is an auxiliary, and beside it the item that permits the act to those who are.
func (c *compiler) noAuxiliary(h *home, name Text) *finding {
	var beside *finding
	r := assignOfficer
	if h != nil && h.it.kind.permits() {
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
	if beside == nil {
		return c.layers[0].closedFinding()
	}
	return beside
}
