package law

// specs holds, for each kind of condition, every way the facts can stand under it and the words for it.
var specs = [kindCount]spec{
	kindArrangement: {
		level: actLevel, due: dueDispatch, opens: true,
		params: map[string][]string{"by": {"organ", "officer", "organ_and_officer", "organ_or_officer"}},
		codes: []code{
			arrangementMet: met("arrangement=given", "已有法定的安排。", "The arrangement the clause asks for has been given."),
			organNot: lacking("arrangement.organ=no", arrangeByOrgan,
				"未经公安机关安排，不得从事该项工作；请先由公安机关作出安排。",
				"The organ has not arranged this work. It may begin once the organ arranges it."),
			organUnknown: uncertain("arrangement.organ=unknown", confirmArrangement,
				"不清楚公安机关是否已作安排，须由有权人员确认。",
				"It is not known whether the organ arranged this work. Somebody entitled to must confirm it."),
			officerNot: lacking("arrangement.officer=no", arrangeByOfficer,
				"未经人民警察安排，不得从事该项工作；请由一名人民警察作出安排。",
				"No officer has arranged this work. It may begin once a people's police officer arranges it."),
			officerUnknown: uncertain("arrangement.officer=unknown", confirmArrangement,
				"不清楚人民警察是否已作安排，须由有权人员确认。",
				"It is not known whether an officer arranged this work. Somebody entitled to must confirm it."),
			neitherArranged: lacking("arrangement=none", arrangeByOrgan,
				"公安机关和人民警察均未作出安排；须先作出安排。",
				"Neither the organ nor an officer has arranged this work. One of them must first."),
			eitherUnknown: uncertain("arrangement=unknown", confirmArrangement,
				"不清楚是否已作安排，须由有权人员确认。",
				"It is not known whether this work was arranged. Somebody entitled to must confirm it."),
		},
	},
	kindStatus: {
		level: personLevel, due: dueDispatch,
		codes: []code{
			StatusUnknown: uncertain("status=unknown", confirmStatus,
				"该人员的在职状态不明，须由人事部门确认。", "Whether this person is in active service is not known. Personnel must confirm it."),
			StatusActive: met("status=active", "该人员在职。", "This person is in active service."),
			StatusSuspended: lacking("status=suspended", replaceAuxiliary,
				"该人员已停止履职，恢复履职前不得派遣；请改派他人。",
				"This person is suspended and may not be sent until reinstated. Choose somebody else."),
			StatusSeparated: lacking("status=separated", replaceAuxiliary,
				"该人员已解除劳动关系，不再是辅警；请改派他人。",
				"This person's employment has ended; he or she is no auxiliary any more. Choose somebody else.").with(OutsideScope),
		},
	},
	kindTraining: {
		level: personLevel, due: dueDispatch,
		codes: []code{
			TrainingUnknown: uncertain("training=unknown", confirmTraining,
				"不清楚该人员是否已通过本岗位岗前培训，须核实。",
				"Whether this person passed the training for the post is not known. It must be checked."),
			TrainingPassed:           met("training=passed", "已通过本岗位岗前培训。", "The training for the post has been passed."),
			TrainingRefresherOverdue: met("training=refresher_overdue", "已通过本岗位岗前培训，定期培训逾期。", "The training for the post has been passed; a refresher is overdue."),
			TrainingMissing: lacking("training=missing", completeTraining,
				"未经本岗位岗前培训合格，不得上岗；培训合格后方可安排。",
				"The training for this post has not been passed. The person may be assigned after passing it."),
			TrainingExpired: lacking("training=expired", completeTraining,
				"本岗位培训已失效，须重新培训合格后方可安排。",
				"The training for this post has run out. The person may be assigned after passing it again."),
		},
	},
	kindQualification: {
		level: personLevel, due: dueDispatch, opens: true,
		params: map[string][]string{"other_role": verdictOptions},
		codes: []code{
			vehicleMissing + 0: missingVehicle("car", "汽车", "a car"),
			vehicleMissing + 1: missingVehicle("motorcycle", "摩托车", "a motorcycle"),
			vehicleMissing + 2: missingVehicle("boat", "船艇", "a boat"),
			vehicleMissing + 3: missingVehicle("aircraft", "航空器", "an aircraft"),
			vehicleMissing + 4: missingVehicle("robot", "警用机器人", "a robot"),
			vehicleMissing + 5: missingVehicle("drone", "无人机", "a drone"),
			vehicleHeld:        met("operates=qualified", "具有驾驶、操控所需资格。", "The qualification for what is operated is held."),
			vehicleOtherRole: {
				fact: "operates=qualified role=other", state: Met, verdict: NeedsHuman, remedy: askApprover,
				text: Text{
					"本条仅规定勤务辅警可以驾驶、操控；该类人员虽有资格，能否驾驶、操控仍须由指定的审批人说明理由后决定。",
					"The clause names field auxiliaries only. Whether this person, who holds the qualification, may operate it, a named approver must decide with a reason.",
				},
			},
			vehicleOtherAny: {
				fact: "operates=any role=other", state: Met, verdict: NeedsHuman, remedy: askApprover,
				text: Text{
					"本条仅规定勤务辅警可以驾驶、操控；该类人员即使取得资格，能否驾驶、操控也须由指定的审批人说明理由后决定。",
					"The clause names field auxiliaries only. Even with the qualification, whether this person may operate it a named approver must decide with a reason.",
				},
			},
		},
	},
	kindNoRecusal: {
		level: personLevel, due: dueDispatch, opens: true,
		params: map[string][]string{"pending": {"step_back", "warn"}},
		codes: []code{
			RecusalNone: met("recusal=none", "没有回避情形的申请。", "No recusal has been applied for."),
			RecusalPending: lacking("recusal=pending", replaceAuxiliary,
				"回避申请尚未决定，该人员应当先行退出；请改派他人，或者等待决定。",
				"An application for recusal is not decided; the person steps back until it is. Choose somebody else or await the decision."),
			RecusalGranted: lacking("recusal=granted", replaceAuxiliary,
				"已决定回避，该人员不得参与；请改派他人。",
				"Recusal has been granted; this person may not take part. Choose somebody else.").with(Prohibited),
			RecusalRefused: met("recusal=refused", "回避申请已被驳回，可以继续工作。", "The application for recusal was refused; the person may go on."),
		},
	},
	kindLeadOfficer: {
		level: actLevel, due: dueStart, opens: true,
		open: Text{"已指定带领的人民警察；开始工作前其须到场。", "The leading officer is named; he or she must be present before work begins."},
		params: map[string][]string{
			"presence": {"presence", "presence_or_remote"}, "same_organ": {"true", "false"},
		},
		codes: []code{
			leadNone: lacking("officers.lead=none", nameLeadOfficer,
				"该项工作须由人民警察带领，尚未指定带领的人民警察；请指定一名。",
				"This work must be led by a people's police officer, and none is named. Name one.").named(),
			leadSeveral: lacking("officers.lead=several", nameOneLeadOfficer,
				"指定了一名以上带领的人民警察；请只指定一名。",
				"More than one leading officer is named. Name exactly one.").named(),
			leadOffDuty: lacking("officers.lead.on_duty=no", nameLeadOfficer,
				"带领的人民警察不在岗；请改由在岗人民警察带领。",
				"The leading officer is off duty. Name one who is on duty.").named(),
			leadDutyUnknown: uncertain("officers.lead.on_duty=unknown", confirmLead,
				"不清楚带领的人民警察是否在岗，须确认。",
				"Whether the leading officer is on duty is not known. It must be confirmed.").named().graced(),
			leadOtherOrgan: lacking("officers.lead.same_organ=no", nameLeadOfficer,
				"带领的人民警察不属于同一公安机关；请改由本机关人民警察带领。",
				"The leading officer belongs to another organ. Name an officer of the same organ.").named(),
			leadOrganUnknown: uncertain("officers.lead.same_organ=unknown", confirmLead,
				"不清楚带领的人民警察是否属于同一公安机关，须确认。",
				"Whether the leading officer is of the same organ is not known. It must be confirmed.").named().graced(),
			leadPresence + int(PresenceUnknown): uncertain("officers.lead.presence=unknown", confirmLead,
				"不清楚带领的人民警察是否在场，须确认。",
				"Whether the leading officer is present is not known. It must be confirmed.").graced(),
			leadPresence + int(PresencePresent): met("officers.lead.presence=present", "带领的人民警察在场。", "The leading officer is present."),
			leadPresence + int(PresenceRemote): lacking("officers.lead.presence=remote", bringLeadOfficer,
				"带领的人民警察仅远程指挥，不属于现场带领；须到场带领。",
				"The leading officer leads only from afar. He or she must be present."),
			leadPresence + int(PresenceDoubtful): uncertain("officers.lead.presence=doubtful", confirmLead,
				"带领的人民警察是否在场存疑，须确认。",
				"It is doubtful whether the leading officer is present. It must be confirmed.").graced(),
			leadPresence + int(PresenceAbsent): lacking("officers.lead.presence=absent", bringLeadOfficer,
				"带领的人民警察不在场，不得开展该项工作；请其到场或者改派他人带领。",
				"The leading officer is absent. The work may go on when he or she, or another lead, is present."),
			leadPresence + int(PresenceEnRoute): lacking("officers.lead.presence=en_route", bringLeadOfficer,
				"带领的人民警察尚在途中，到场后方可开展该项工作。",
				"The leading officer is on the way. The work may begin on arrival."),
		},
	},
	kindUniform: {
		level: personLevel, due: dueStart, opens: true,
		open: Text{"开始工作前须着统一制式服装，奉命着便服的除外。", "By the start of work the uniform must be worn, or plain clothes on an order."},
		codes: []code{
			UniformUnknown: uncertain("uniform=unknown", confirmUniform,
				"不清楚是否已着统一制式服装，须确认。", "Whether the uniform is worn is not known. It must be confirmed."),
			UniformYes: met("uniform=yes", "已着统一制式服装。", "The uniform is worn."),
			UniformNo: lacking("uniform=no", wearUniform,
				"未着统一制式服装；着装后方可开展工作，因特殊情况着便服的须有命令。",
				"The uniform is not worn. Work may begin when it is, or on an order to wear plain clothes."),
			UniformPlainClothesOrder: met("uniform=plain_clothes_order", "因特殊情况奉命着便服。", "Plain clothes are worn on an order."),
		},
	},
	kindIDCard: {
		level: personLevel, due: dueStart, opens: true,
		open:   Text{"开始工作前须携带工作证件。", "The work card must be carried by the start of work."},
		params: map[string][]string{"plain_clothes_waives": {"false", "true"}},
		codes: []code{
			Unknown: uncertain("id_card=unknown", confirmIDCard,
				"不清楚是否携带工作证件，须确认。", "Whether the work card is carried is not known. It must be confirmed."),
			No: lacking("id_card=no", carryIDCard,
				"未携带工作证件；携带后方可开展工作。", "The work card is not carried. Work may begin when it is."),
			Yes:          met("id_card=yes", "已携带工作证件。", "The work card is carried."),
			idCardWaived: met("uniform=plain_clothes_order", "奉命着便服，按本机关的理解免于携带工作证件。", "By the organ's reading the plain-clothes order also waives the work card."),
		},
	},
	kindRecording: {
		level: personLevel, due: dueStart, opens: true,
		open:   Text{"开始工作前须开启全程录音录像。", "Recording must be on by the start of work."},
		params: map[string][]string{"unknown": {"warn", "block"}},
		codes: []code{
			RecordingUnknown: uncertain("recording=unknown", confirmRecording,
				"不清楚是否正在全程录音录像，须确认。", "Whether the work is being recorded is not known. It must be confirmed."),
			RecordingOn: met("recording=on", "正在全程录音录像。", "The work is being recorded."),
			RecordingOff: lacking("recording=off", startRecording,
				"未开启录音录像；开启后方可开展工作。", "The camera is off. Work may go on when it records."),
			RecordingBuffering: lacking("recording=buffering", startRecording,
				"设备仅处于预录状态，不是全程录音录像；请开始录制。",
				"The camera only buffers, which is not recording. Work may go on when it records."),
		},
	},
	kindOfficerCommand: {
		level: personLevel, due: dueUsed,
		params: map[string][]string{"list": nil, "remote": {"true_if_recorded", "false"}},
		codes: []code{
			commandMet: met("command=given", "紧急情况下依人民警察指挥或者带领使用。", "Used in an emergency on an officer's command or lead."),
			commandNoDanger: lacking("emergency=false", stopRestraint,
				"并非紧急情况，不得使用约束性勤务装备；请停止使用。",
				"There is no emergency, so restraint equipment may not be used. Stop using it."),
			commandUnlisted: lacking("equipment.item=unlisted", useListedEquipment,
				"所用约束性勤务装备不在本机关清单内；只能使用清单内的装备。",
				"The restraint equipment used is not on the organ's list. Only listed equipment may be used."),
			commandNone: lacking("command=none", obtainCommand,
				"未经人民警察指挥或者带领，不得使用约束性勤务装备；请取得指挥或者由其带领。",
				"No officer has commanded or led the use of restraint equipment. Obtain a command or have an officer lead."),
			commandUnrecorded: lacking("command.recorded=false", recordCommand,
				"人民警察的指挥未作记录；请记录指挥，或者由其到场带领。",
				"The officer's command is not recorded. Record it, or have an officer lead on the spot."),
			commandNobody: lacking("command.officer=absent", bringOfficer,
				"没有在场的人民警察带领或者指挥；请其到场。",
				"No officer is present to lead or command it. Have one come."),
			commandDoubtful: uncertain("command.officer=unknown", confirmLead,
				"不清楚指挥或者带领使用的人民警察是否在场，须确认。",
				"Whether the officer who commands or leads the restraint is present is not known. It must be confirmed."),
			commandOtherRole: lacking("equipment=restraint role=other", leaveToField,
				"本条仅规定勤务辅警可以使用约束性勤务装备；请由勤务辅警或者人民警察使用。",
				"The clause lets field auxiliaries only use restraint equipment. Leave it to them or to officers.").with(OutsideScope),
		},
	},
	kindMinOfficers: {level: taskLevel, due: dueStart, opens: true, open: officersOpen, codes: officerCounts},
	kindCombination: {level: taskLevel, due: dueStart, opens: true, open: officersOpen, codes: officerCounts},
	kindGuardNamed: {
		level: taskLevel, due: dueStart, opens: true,
		open: Text{"开始约束前须指定专人看护。", "A named person must guard by the start of the measure."},
		codes: []code{
			Unknown: uncertain("guard_named=unknown", nameGuard,
				"不清楚是否已指定专人看护，须确认或者指定。", "Whether a guard is named is not known. Confirm or name one."),
			No: lacking("guard_named=no", nameGuard,
				"约束过程中应当指定专人严加看护，尚未指定；请指定。", "A named person must guard closely, and none is named. Name one."),
			Yes: met("guard_named=yes", "已指定专人看护。", "A guard is named."),
		},
	},
	kindOfficerEnRoute: {
		level: actLevel, due: dueStart, opens: true,
		open:   Text{"开始工作前须有人民警察在场或者正在赶赴现场。", "An officer must be present or on the way by the start of work."},
		params: map[string][]string{"officer": {"hold_and_protect_if_officer_en_route", "officer_present"}},
		codes: []code{
			countUnknown: uncertain("officers.presence=unknown", confirmOfficer,
				"不清楚是否有人民警察在场或者正在赶赴现场，须确认。",
				"Whether an officer is present or on the way is not known. It must be confirmed."),
			countShort: lacking("officers.presence=none", sendOfficer,
				"须有人民警察在场或者正在赶赴现场；请派人民警察到场。",
				"An officer must be present or on the way. Send one."),
			countMet: met("officers.presence=coming", "有人民警察在场或者正在赶赴现场。", "An officer is present or on the way."),
		},
	},
	kindEvidenceReview: {
		level: taskLevel, due: dueAfter, opens: true,
		codes: []code{{
			fact: "evidence_use=true", state: Open, verdict: Conditional, remedy: reviewEvidence,
			text: Text{
				"视听资料作为办案根据前，须经公安机关审查符合法定要求。",
				"Before the recordings become evidence the organ must review that they meet the legal requirements.",
			},
		}},
	},
	kindAuxiliary: {},
	kindInForce:   {},
}

var officersOpen = Text{"开始工作前，在场人民警察须达到规定人数。", "The officers the clause asks for must be present by the start of work."}

var officerCounts = []code{
	countUnknown: uncertain("officers.present=unknown", confirmOfficer,
		"不清楚在场人民警察是否达到规定人数，须确认。", "Whether enough officers are present is not known. It must be confirmed."),
	countShort: lacking("officers.present=too_few", addOfficers,
		"在场人民警察少于规定人数；请增派。", "Fewer officers are present than the clause asks for. Send more."),
	countMet: met("officers.present=enough", "在场人民警察达到规定人数。", "Enough officers are present."),
	countLeadUnknown: uncertain("officers.present=lead_unknown", confirmLead,
		"带领的人民警察是否在场待确认。", "Whether the leading officer is still present is being confirmed.").graced(),
}

// officerPresent are the codes of officer_en_route where a reading asks for an officer on the spot: one on the way is not enough.
var officerPresent = []code{
	countUnknown: uncertain("officers.presence=unknown", confirmOfficer,
		"不清楚是否有人民警察在场，须确认。", "Whether an officer is present is not known. It must be confirmed."),
	countShort: lacking("officers.present=none", bringOfficer,
		"须有人民警察在场，在途的尚不足够；请其到场。", "An officer must be present; one on the way is not enough. Have one come."),
	countMet: met("officers.present=some", "有人民警察在场。", "An officer is present."),
}

// deniedVehicle is what a reading makes of others than field auxiliaries, qualified or not (Art. 18).
var deniedVehicle = code{
	fact: "operates=any role=other", state: Met, verdict: OutsideScope, remedy: leaveToField,
	text: Text{
		"本条仅规定勤务辅警可以驾驶、操控，按本机关的理解其他人员即使有资格也不得驾驶、操控；请交由有资格的勤务辅警或者人民警察。",
		"The clause names field auxiliaries only, and by the organ's reading no qualification opens it to others. Leave it to a qualified field auxiliary or an officer.",
	},
}

func missingVehicle(word, zh, en string) code {
	return lacking("operates="+word+" qualification=none", chooseQualified,
		"不具有驾驶、操控"+zh+"的相应资格；请改派有资格的人员。",
		"The qualification to operate "+en+" is not held. Choose somebody who holds it.")
}

// allowed says whether a word is one of the options; no options: any word.
func allowed(word string, options []string) bool {
	for _, o := range options {
		if o == word {
			return true
		}
	}
	return len(options) == 0
}
