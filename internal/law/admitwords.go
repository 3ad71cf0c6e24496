package law

// The words of what is found about applicants.

var conditionNames = map[string]Text{
	asksNational:  {"具有中华人民共和国国籍", "being a national of the People's Republic of China"},
	asksConduct:   {"拥护宪法、遵守法律法规、品行端正", "supporting the constitution, keeping the law and good conduct"},
	asksAge:       {"年龄", "age"},
	asksAbility:   {"具有履行岗位职责所需的工作能力", "the ability that the post needs"},
	asksEducation: {"学历", "education"},
	asksFitness:   {"具有正常履行岗位职责所需的身体条件和心理素质", "being fit in body and mind for the post"},
	asksBar:       {"不得招聘的情形", "the bars to recruitment"},
}

var educationNames = [...]Text{
	EducationUnknown:         {"未知", "unknown"},
	EducationBelow:           {"高中以下", "below senior secondary"},
	EducationSeniorSecondary: {"高中", "senior secondary"},
	EducationCollege:         {"大专", "college"},
	EducationBachelor:        {"本科", "a bachelor's degree"},
	EducationPostgraduate:    {"研究生", "a postgraduate degree"},
}

func conditionFact(g *gate, is Answer) string { return g.asks + "=" + is.String() }

func conditionFinding(g *gate, verdict Outcome, is Answer) *finding {
	name := conditionNames[g.asks]
	if verdict == Permitted {
		return render(g.citation, verdict, conditionFact(g, is), noRemedy, Text{"符合条件：" + name.ZH + "。", "Met: " + name.EN + "."})
	}
	return render(g.citation, verdict, conditionFact(g, is), chooseApplicant, Text{"不符合条件：" + name.ZH + "。", "Not met: " + name.EN + "."})
}

func laterFinding(g *gate, fact string) *finding {
	name := conditionNames[g.asks]
	return render(g.citation, Conditional, fact, checkApplicant, Text{
		"尚待后续环节核实：" + name.ZH + "。", "To be found out at a later stage: " + name.EN + ".",
	})
}

func unknownFinding(g *gate, fact string) *finding {
	name := conditionNames[g.asks]
	return render(g.citation, NeedsHuman, fact, checkApplicant, Text{
		"未核实：" + name.ZH + "；须由审查人员核实后声明。", "Not known: " + name.EN + ". Whoever checks must find out and declare it.",
	})
}

func ageFinding(g *gate, verdict Outcome, fact string, r remedy) *finding {
	from, to := itoa(g.min), itoa(g.max)
	text := map[string]Text{
		"age=within": {"年龄符合" + from + "周岁以上、" + to + "周岁以下的要求。", "The age is from " + from + " to " + to + "."},
		"age=below":  {"未满" + from + "周岁，不符合年龄要求。", "The applicant is not " + from + " yet."},
		"age=above":  {"已超过" + to + "周岁，不符合年龄要求。", "The applicant is older than " + to + "."},
	}[fact]
	return render(g.citation, verdict, fact, r, text)
}

func educationFinding(g *gate, verdict Outcome, has, least Education) *finding {
	fact, is, wants := "education="+has.String(), educationNames[has], educationNames[least]
	if verdict == Permitted {
		return render(g.citation, verdict, fact, noRemedy, Text{
			"学历（" + is.ZH + "）符合" + wants.ZH + "以上的要求。", "The education (" + is.EN + ") is enough; the least is " + wants.EN + ".",
		})
	}
	return render(g.citation, verdict, fact, chooseApplicant, Text{
		"学历（" + is.ZH + "）低于" + wants.ZH + "，不符合要求。", "The education (" + is.EN + ") is not enough; the least is " + wants.EN + ".",
	})
}

// barFinding names the bar by its word and clause only: what lies behind it is nobody's to read here.
func barFinding(g *gate, verdict Outcome, word string, r remedy) *finding {
	switch verdict {
	case Permitted:
		return render(g.citation, verdict, "bar="+word+" declared=no", r, Text{"经审查，无本项所列情形。", "Checked: nothing of what this item names."})
	case NeedsHuman:
		return render(g.citation, verdict, "bar="+word+" declared=yes", r, Text{
			"审查人员认为属于“其他不适合”的情形；须由指定的审批人说明理由后决定。",
			"Whoever checked finds the applicant unsuitable in another way; a named approver must decide with a reason.",
		})
	}
	return render(g.citation, verdict, "bar="+word+" declared=yes", r, Text{
		"经审查，有本项所列情形，不得招聘为辅警；任何条件都不能使其合法。", "Checked: this item bars the applicant. Nothing makes it lawful.",
	})
}

func stageFinding(g *gate, verdict Outcome, word string, result StageResult, r remedy) *finding {
	text := [...]Text{
		StagePending: {"招聘环节尚未完成：" + word + "。", "A stage of the recruitment is yet to be passed: " + word + "."},
		StagePassed:  {"招聘环节已通过：" + word + "。", "A stage of the recruitment was passed: " + word + "."},
		StageFailed:  {"招聘环节未通过：" + word + "。", "A stage of the recruitment was failed: " + word + "."},
	}[result]
	return render(g.citation, verdict, "stage="+word+" result="+result.String(), r, text)
}

func preferred(g *gate, word string) *finding {
	return render(g.citation, Permitted, "priority="+word, noRemedy, Text{"同等条件下优先招聘。", "Preferred among applicants who are equal otherwise."})
}
