package law

// remedy is something that would remove a reason for refusal, or the statement that nothing would.
type remedy uint8

const (
	noRemedy remedy = iota
	nameLeadOfficer
	nameOneLeadOfficer
	bringLeadOfficer
	confirmLead
	fallBack
	chooseField
	chooseCivilian
	chooseQualified
	replaceAuxiliary
	confirmStatus
	completeTraining
	confirmTraining
	arrangeByOrgan
	arrangeByOfficer
	confirmArrangement
	wearUniform
	confirmUniform
	carryIDCard
	confirmIDCard
	startRecording
	confirmRecording
	stopRestraint
	useListedEquipment
	obtainCommand
	recordCommand
	bringOfficer
	addOfficers
	sendOfficer
	confirmOfficer
	nameGuard
	handInEquipment
	leaveToField
	officerSigns
	assignOfficer
	askApprover
	heedApprover
	awaitForce
	reviewEvidence
	reportEmergency
	checkApplicant
	completeStages
	waitForAge
	chooseApplicant
	remedyCount
)

// remedies holds each code with its words; the order is that of a ruling's list.
var remedies = [remedyCount]Remedy{
	noRemedy:           {},
	nameLeadOfficer:    {"name_lead_officer", Text{"指定一名本机关在岗的人民警察带领。", "Name a leading officer of the same organ who is on duty."}},
	nameOneLeadOfficer: {"name_one_lead_officer", Text{"只保留一名带领的人民警察。", "Keep exactly one leading officer."}},
	bringLeadOfficer:   {"bring_lead_officer", Text{"由带领的人民警察到场，或者交由在场的人民警察带领。", "Have the leading officer come, or hand the lead to an officer who is present."}},
	confirmLead:        {"confirm_lead_officer", Text{"确认带领的人民警察在岗、在场。", "Confirm that the leading officer is on duty and present."}},
	fallBack:           {"fall_back_to_art15", Text{"人民警察到场前，只做第十五条允许的工作：维护秩序、保护现场、救助人员、制止违法犯罪。", "Until an officer is there, do what Article 15 allows: keep order, protect the scene, rescue, stop the offence."}},
	chooseField:        {"choose_field_auxiliary", Text{"改派勤务辅警。", "Choose a field auxiliary."}},
	chooseCivilian:     {"choose_civilian_auxiliary", Text{"改派文职辅警。", "Choose a civilian auxiliary."}},
	chooseQualified:    {"choose_qualified_auxiliary", Text{"改派具有相应资格的人员。", "Choose somebody who holds the qualification."}},
	replaceAuxiliary:   {"replace_auxiliary", Text{"改派其他人员。", "Choose somebody else."}},
	confirmStatus:      {"confirm_status", Text{"由人事部门确认在职状态。", "Have personnel confirm the status."}},
	completeTraining:   {"complete_training", Text{"完成本岗位培训并合格，或者改派已合格人员。", "Pass the training for the post, or choose somebody who has."}},
	confirmTraining:    {"confirm_training", Text{"核实本岗位培训情况。", "Check the training for the post."}},
	arrangeByOrgan:     {"arrange_by_organ", Text{"由公安机关作出安排。", "Have the organ arrange the work."}},
	arrangeByOfficer:   {"arrange_by_officer", Text{"由人民警察作出安排。", "Have an officer arrange the work."}},
	confirmArrangement: {"confirm_arrangement", Text{"确认安排是否已作出。", "Confirm whether the work was arranged."}},
	wearUniform:        {"wear_uniform", Text{"着统一制式服装，或者取得着便服的命令。", "Wear the uniform, or obtain an order to wear plain clothes."}},
	confirmUniform:     {"confirm_uniform", Text{"确认着装。", "Confirm that the uniform is worn."}},
	carryIDCard:        {"carry_id_card", Text{"携带工作证件。", "Carry the work card."}},
	confirmIDCard:      {"confirm_id_card", Text{"确认携带工作证件。", "Confirm that the work card is carried."}},
	startRecording:     {"start_recording", Text{"开始录音录像。", "Start recording."}},
	confirmRecording:   {"confirm_recording", Text{"确认正在录音录像。", "Confirm that the camera records."}},
	stopRestraint:      {"stop_restraint", Text{"停止使用约束性勤务装备。", "Stop using restraint equipment."}},
	useListedEquipment: {"use_listed_equipment", Text{"只使用本机关清单内的约束性勤务装备。", "Use only restraint equipment on the organ's list."}},
	obtainCommand:      {"obtain_command", Text{"取得人民警察的指挥，或者由其带领。", "Obtain an officer's command, or have an officer lead."}},
	recordCommand:      {"record_command", Text{"记录人民警察的指挥。", "Record the officer's command."}},
	bringOfficer:       {"bring_officer", Text{"由人民警察到场。", "Have an officer come."}},
	addOfficers:        {"add_officers", Text{"增派人民警察到场。", "Send more officers."}},
	sendOfficer:        {"send_officer", Text{"派一名人民警察赶赴现场。", "Send an officer."}},
	confirmOfficer:     {"confirm_officers", Text{"确认人民警察是否在场或者在途。", "Confirm which officers are present or on the way."}},
	nameGuard:          {"name_guard", Text{"指定专人看护。", "Name a guard."}},
	handInEquipment:    {"hand_in_equipment", Text{"交回武器、警械，由人民警察携带、使用和保管。", "Hand the weapon or police instrument to officers, who alone carry, use and keep it."}},
	leaveToField:       {"leave_to_field_auxiliary", Text{"交由勤务辅警或者人民警察携带、使用、驾驶、操控。", "Leave carrying, using, driving and operating it to a field auxiliary or an officer."}},
	officerSigns:       {"officer_signs", Text{"由人民警察签署文书。", "Have an officer sign the papers."}},
	assignOfficer:      {"assign_police_officer", Text{"交由人民警察办理；辅警在任何条件下都不得从事。", "Give the work to people's police officers; nothing makes it lawful for an auxiliary."}},
	askApprover:        {"ask_approver", Text{"由指定的审批人说明理由后决定。", "Have the named approver decide, giving a reason."}},
	heedApprover:       {"heed_approver", Text{"按审批人的决定，交由人民警察办理；情况变化后可以重新提请决定。", "Follow the approver's decision and leave the work to officers; ask again when the circumstances have changed."}},
	awaitForce:         {"await_entry_into_force", Text{"该日期无有效的规定可依，任何条件都不能使其合法。", "No rule that could permit it is in force at that date; nothing makes it lawful then."}},
	reviewEvidence:     {"review_evidence", Text{"用作办案根据前送公安机关审查。", "Have the organ review the material before it is used as evidence."}},
	reportEmergency:    {"report_emergency", Text{"事后报告紧急情况的处置。", "Report afterwards what the emergency made necessary."}},
	checkApplicant:     {"check_applicant", Text{"由审查人员核实后作出声明。", "Have whoever checks find out and declare it."}},
	completeStages:     {"complete_recruitment_stages", Text{"按顺序完成招聘环节。", "Complete the stages of the recruitment in their order."}},
	waitForAge:         {"wait_until_of_age", Text{"达到规定年龄后再应聘。", "Apply again once of age."}},
	chooseApplicant:    {"choose_another_applicant", Text{"另行择优录取其他应聘人员。", "Choose another applicant."}},
}

// RemedyCodes lists every code that a remedy can have.
func RemedyCodes() (codes []string) {
	for _, r := range remedies[1:] {
		codes = append(codes, r.Code)
	}
	return codes
}
