package law

// The words of what is found about acts, circumstances and equipment; those about obligations stand with them.

// permittedAct cites the item that permits an act, and under a catch-all the state provision that brought the act there.
func permittedAct(citation string, role Role, led bool, name Text, basis string) *finding {
	text := Text{roleNames[role].ZH + "可以从事“" + name.ZH + "”。", "A " + roleNames[role].EN + " may do this: " + name.EN + "."}
	if led {
		text = Text{
			roleNames[role].ZH + "可以在人民警察带领下协助从事“" + name.ZH + "”。",
			"A " + roleNames[role].EN + " led by a people's police officer may help with this: " + name.EN + ".",
		}
	}
	if basis != "" {
		text.ZH += "依据：" + basis + "。"
		text.EN += " State provision: " + basis + "."
	}
	return render(citation, Permitted, "role="+role.String(), noRemedy, text)
}

// outsideAct is an act that the item permits, but not to this role.
func outsideAct(citation string, role, permitted Role, name Text) *finding {
	if role == permitted { // a catch-all whose entries are not in use
		return render(citation, OutsideScope, "entry=not_enabled", assignOfficer, Text{
			"“" + name.ZH + "”的兜底条款尚未启用，不得从事；请交由人民警察办理。",
			"The catch-all item for this act (" + name.EN + ") is not in use. Leave the work to officers.",
		})
	}
	return render(citation, OutsideScope, "role="+role.String(), chooseRole[permitted], Text{
		"“" + name.ZH + "”属于" + roleNames[permitted].ZH + "的工作，该人员（" + roleNames[role].ZH + "）不得从事；请改派" + roleNames[permitted].ZH + "。",
		"This act (" + name.EN + ") is open to a " + roleNames[permitted].EN + " only. Choose one.",
	})
}

// forbiddenRole is an act that an item forbids to one role only.
func forbiddenRole(citation string, role Role, r remedy, name Text) *finding {
	return render(citation, Prohibited, "act=forbidden role="+role.String(), r, Text{
		roleNames[role].ZH + "不得从事“" + name.ZH + "”，任何条件都不能使其合法。",
		"No " + roleNames[role].EN + " may do this: " + name.EN + ". Nothing makes it lawful for one.",
	})
}

// unpermittedAct is an act of which only an item speaks that forbids it to others.
func unpermittedAct(citation string, role Role, name Text) *finding {
	return render(citation, OutsideScope, "role="+role.String(), assignOfficer, Text{
		"没有条文允许该人员（" + roleNames[role].ZH + "）从事“" + name.ZH + "”；须由人民警察办理。",
		"No item permits this act (" + name.EN + ") to this person. Officers must do it.",
	})
}

func forbiddenAct(citation string, name Text) *finding {
	return render(citation, Prohibited, "act=forbidden", assignOfficer, Text{
		"辅警不得从事“" + name.ZH + "”，任何条件都不能使其合法；须由人民警察办理。",
		"No auxiliary may do this: " + name.EN + ". Nothing makes it lawful; officers must do it.",
	})
}

// allowance and refusal are what becomes of a finding that a person had to settle. What would have settled it by the facts still
// does after a refusal; where only the approver could, the work is for officers.
func allowance(citation, fact string, text Text) *finding {
	return render(citation, Conditional, fact, noRemedy, Text{
		"指定的审批人已决定可以进行。原由：" + text.ZH, "A named approver has decided that the work may go ahead. What was to be settled: " + text.EN,
	})
}

func refusal(citation, fact string, r remedy, text Text) *finding {
	if r == askApprover {
		r = heedApprover
	}
	return render(citation, Unmet, fact, r, Text{
		"指定的审批人已决定不予允许。原由：" + text.ZH, "A named approver has decided against it. What was to be settled: " + text.EN,
	})
}

var tagNames = [...]Text{
	{"国家秘密", "state secrets"},
	{"反恐怖", "counter-terrorism"},
	{"公路", "a highway"},
	{"视线不良", "poor visibility"},
	{"人员受伤", "injury"},
	{"涉酒", "alcohol"},
	{"先期处置", "first response"},
	{"当事人要求人民警察到场", "a party who asks for an officer"},
	{"继续盘问", "continued questioning"},
	{"监管场所", "a facility"},
	{"高速公路", "a motorway"},
	{"城市快速路", "an urban expressway"},
	{"城市主干道", "a trunk road"},
	{"涉嫌酒后驾驶", "a driver suspected of drink-driving"},
	{"交通事故调查", "the investigation of an accident"},
}

// taggedRule closes an act that touches a subject, or where the rulebook excepts it leaves it to a person.
func taggedRule(citation string, t Tags, except *exception) forbidding {
	word, name := t.Words()[0], Text{}
	for i, w := range tagWords.list {
		if w == word {
			name = tagNames[i]
		}
	}
	rule := forbidding{tags: t}
	fact := "tags=" + word
	if except == nil {
		rule.calm = render(citation, Prohibited, fact, assignOfficer, Text{
			"任务涉及" + name.ZH + "，辅警不得从事；任何条件都不能使其合法，须由人民警察办理。",
			"The task concerns " + name.EN + ", closed to auxiliaries. Nothing makes it lawful; officers must do it.",
		})
		rule.inDanger = rule.calm
		return rule
	}
	rule.calm = render(citation, except.verdict, fact, askApprover, Text{
		"任务涉及" + name.ZH + "；辅警能否承担此类外围勤务，须由指定的审批人说明理由后决定。",
		"The task concerns " + name.EN + ". Whether auxiliaries may do this perimeter duty, a named approver must decide with a reason.",
	})
	if except.emergency == NeedsHuman {
		rule.inDanger = rule.calm
		return rule
	}
	rule.inDanger = render(citation, except.emergency, fact, reportEmergency, Text{
		"任务涉及" + name.ZH + "；紧急情况下可先行处置，事后须报告。",
		"The task concerns " + name.EN + ". In the emergency it may go ahead; a report must follow.",
	})
	return rule
}

func caseRule(citation string, k CaseKind, name Text) forbidding {
	fd := render(citation, Prohibited, "case_kind="+k.String(), assignOfficer, Text{
		"刑事案件中的“" + name.ZH + "”属于案件调查取证，辅警不得从事；须由人民警察办理。",
		"In a criminal case this (" + name.EN + ") is case investigation, closed to auxiliaries. Nothing makes it lawful; officers must do it.",
	})
	return forbidding{cases: 1 << k, calm: fd, inDanger: fd}
}

func signatoryRule(citation string, s Signatory, name Text) forbidding {
	fd := render(citation, Prohibited, "signatory="+s.String(), officerSigns, Text{
		"“" + name.ZH + "”形成的文书不得由辅警署名；请由人民警察署名。",
		"Papers from this work (" + name.EN + ") may not bear an auxiliary's name. Have an officer sign them.",
	})
	return forbidding{signs: 1 << s, calm: fd, inDanger: fd}
}

var (
	useNames   = [...]Text{UseCarry: {"携带", "carry"}, UseUse: {"使用", "use"}, UseKeep: {"保管", "keep"}}
	classNames = [...]Text{
		EquipmentOrdinary:         {"普通装备", "ordinary equipment"},
		EquipmentProtective:       {"防护装备", "protective equipment"},
		EquipmentRestraint:        {"约束性勤务装备", "restraint equipment"},
		EquipmentPoliceInstrument: {"警械", "police instruments"},
		EquipmentWeapon:           {"武器", "weapons"},
	}
)

func equipmentFact(class EquipmentClass, use EquipmentUse) string {
	return "equipment=" + class.String() + " use=" + use.String()
}

func equipmentVerdict(citation string, class EquipmentClass, use EquipmentUse, verdict string) *finding {
	does := Text{useNames[use].ZH + classNames[class].ZH, useNames[use].EN + " " + classNames[class].EN}
	fact := equipmentFact(class, use)
	switch verdict {
	case "allow":
		return render(citation, Permitted, fact, noRemedy, Text{
			"按本机关的理解，辅警可以" + does.ZH + "。", "By the organ's reading an auxiliary may " + does.EN + ".",
		})
	case "needs_human":
		return render(citation, NeedsHuman, fact, askApprover, Text{
			"辅警能否" + does.ZH + "，须由指定的审批人说明理由后决定。",
			"Whether an auxiliary may " + does.EN + ", a named approver must decide with a reason.",
		})
	}
	return render(citation, Prohibited, fact, handInEquipment, Text{
		"辅警不得" + does.ZH + "；请交由人民警察。", "No auxiliary may " + does.EN + ". Leave it to officers.",
	})
}

func equipmentOtherRole(citation string, class EquipmentClass, use EquipmentUse) *finding {
	return render(citation, OutsideScope, equipmentFact(class, use), leaveToField, Text{
		"本条仅规定勤务辅警可以配备" + classNames[class].ZH + "；请交由勤务辅警或者人民警察。",
		"The clause gives " + classNames[class].EN + " to field auxiliaries only. Leave it to them or to officers.",
	})
}

func listRules(citation string, use EquipmentUse) (listed, unlisted *finding) {
	fact := equipmentFact(EquipmentRestraint, use)
	listed = render(citation, Permitted, fact+" listed=yes", noRemedy, Text{
		"该约束性勤务装备在本机关清单内。", "This restraint equipment is on the organ's list.",
	})
	unlisted = render(citation, Unmet, fact+" listed=no", useListedEquipment, Text{
		"该约束性勤务装备不在本机关清单内，不得配备；请只配备清单内的装备。",
		"This restraint equipment is not on the organ's list. Only listed equipment may be carried or used.",
	})
	return listed, unlisted
}

const (
	adviceTeam      = "team_without_officer"
	adviceSpan      = "span_of_control"
	adviceRefresher = "refresher_overdue"
)

func adviceFor(code, citation string, bound int) Advice {
	n := itoa(bound)
	text := map[string]Text{
		adviceTeam: {
			"没有人民警察在内，勤务辅警少于" + n + "人；建议增派。",
			"The unit has no officer and fewer than " + n + " field auxiliaries. Consider sending more.",
		},
		adviceSpan: {
			"每名人民警察带领的勤务辅警超过" + n + "人；建议增派人民警察。",
			"There are more than " + n + " field auxiliaries for each officer. Consider another officer.",
		},
		adviceRefresher: {
			"有人员定期培训逾期；请安排培训。",
			"Somebody's refresher training is overdue. Arrange it.",
		},
	}[code]
	return Advice{Code: code, Citation: citation, Message: text}
}
