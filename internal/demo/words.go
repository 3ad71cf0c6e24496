package demo

import (
	"strings"

	"github.com/dutybound/dutybound/api"
)

var outcomes = map[api.Outcome]string{
	api.OutcomePermitted: "允许", api.OutcomeConditional: "附条件允许", api.OutcomeNeedsHuman: "需人决定",
	api.OutcomeUnmet: "条件不满足", api.OutcomeOutsideScope: "超出范围", api.OutcomeProhibited: "禁止",
}

// outcome is the word on the wire and, in Chinese, what it means.
func (l Language) outcome(o api.Outcome) string {
	if l == English {
		return string(o)
	}
	return outcomes[o] + " " + string(o)
}

var commands = map[string]text{
	"dispatch": {"派遣", "dispatch"}, "acknowledge": {"签收", "acknowledge"}, "accept": {"接受", "accept"},
	"start": {"开始", "start"}, "finish": {"结束", "finish"}, "observe": {"上报", "observe"},
}

// command is what asked for a ruling, in words.
func (l Language) command(word string) string {
	if known, ok := commands[word]; ok {
		return l.of(known)
	}
	return word
}

var obligations = map[string]text{
	"lead_officer": {"民警到场带领", "the lead on the scene"}, "uniform": {"着装", "uniform"},
	"id_card": {"工作证件", "work card"}, "recording": {"全程录音录像", "recording"},
}

// obligation is what is owed, with the clause that asks for it.
func (l Language) obligation(o api.Obligation) string {
	word := o.Kind
	if known, ok := obligations[o.Kind]; ok {
		word = l.of(known)
	}
	return word + " " + strings.TrimPrefix(o.Citation, "cq-2021 ")
}

var facts = map[statement]text{
	{api.FactUniform, "yes"}:       {"已着装", "in uniform"},
	{api.FactIDCard, "yes"}:        {"带证件", "card carried"},
	{api.FactRecording, "on"}:      {"记录仪开", "camera on"},
	{api.FactRecording, "off"}:     {"记录仪关", "camera off"},
	{api.FactPresence, "en_route"}: {"正在途中", "on the way"},
	{api.FactPresence, "present"}:  {"本人已到场", "on the scene"},
}

// list is what somebody states, in both languages.
func list(said []statement) text {
	var zh, en []string
	for _, st := range said {
		zh, en = append(zh, facts[st].zh), append(en, facts[st].en)
	}
	return text{strings.Join(zh, "、"), strings.Join(en, ", ")}
}
