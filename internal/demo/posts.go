package demo

import (
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// post is an auxiliary's post (岗位): the items of the statute that its pre-post training covers (Art. 33), and the gear that goes
// with it. Gear is protective or ordinary; weapons never (Art. 18), police instruments and restraint equipment neither.
type post struct {
	code, name string
	items      []string
	gear       []duty.Equipment
}

var (
	radio      = duty.Equipment{Class: law.EquipmentOrdinary, Item: "对讲机"}
	camera     = duty.Equipment{Class: law.EquipmentOrdinary, Item: "执法记录仪"}
	torch      = duty.Equipment{Class: law.EquipmentOrdinary, Item: "强光手电"}
	stabVest   = duty.Equipment{Class: law.EquipmentProtective, Item: "防刺背心"}
	brightVest = duty.Equipment{Class: law.EquipmentProtective, Item: "反光背心"}
	gloves     = duty.Equipment{Class: law.EquipmentProtective, Item: "防割手套"}
	helmet     = duty.Equipment{Class: law.EquipmentProtective, Item: "防护头盔"}
	shield     = duty.Equipment{Class: law.EquipmentProtective, Item: "防护盾牌"}
)

var (
	patrolPost = post{
		"patrol", "巡逻防控岗", items("15(1)", "15(2)", "15(4)"),
		[]duty.Equipment{radio, camera, torch, stabVest},
	}
	trafficPost = post{
		"traffic", "交通协管岗", items("15(2)", "15(3)", "15(4)", "16(5)"),
		[]duty.Equipment{radio, camera, brightVest},
	}
	responsePost = post{
		"response", "接处警辅助岗", items("15(1)", "15(2)", "16(1)", "16(2)", "16(3)"),
		[]duty.Equipment{radio, camera, stabVest, gloves},
	}
	communityPost = post{
		"community", "社区警务辅助岗", items("15(1)", "15(2)", "15(4)", "16(4)"),
		[]duty.Equipment{radio, camera},
	}
	facilityPost = post{
		"facility", "办案区看管岗", items("16(2)", "16(6)", "16(9)"),
		[]duty.Equipment{radio, camera, gloves},
	}
	eventPost = post{
		"event", "大型活动秩序岗", items("15(1)", "15(2)", "16(7)", "16(8)"),
		[]duty.Equipment{radio, camera, helmet, shield, stabVest},
	}
	clerkPost    = post{"clerk", "窗口文职岗", items("14(1)"), nil}
	technicPost  = post{"technic", "技术支持岗", items("14(2)"), nil}
	logisticPost = post{"logistics", "警务保障岗", items("14(3)"), nil}
)

var posts = []post{
	patrolPost, trafficPost, responsePost, communityPost, facilityPost, eventPost, clerkPost, technicPost, logisticPost,
}

func items(list ...string) []string {
	cited := make([]string, len(list))
	for i, item := range list {
		cited[i] = "cq-2021 " + item
	}
	return cited
}
