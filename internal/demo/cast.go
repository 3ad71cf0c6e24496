package demo

import (
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Password opens every demo account. It is known to everybody who reads this line, which is why only a server's own private
// database is ever seeded.
const Password = "dutybound-demo"

// Account is a demo account: somebody to sign in as.
type Account struct {
	Number   string
	Name     string
	Role     duty.Role
	Part     string // who they are, in Chinese
	PartEN   string // and in English
	Device   uuid.UUID
	Password string
}

// Accounts are the demo's people who can sign in, the same on every seeded database.
type Accounts []Account

// Find is the account with a person number.
func (a Accounts) Find(number string) (Account, bool) {
	for _, account := range a {
		if account.Number == number {
			return account, true
		}
	}
	return Account{}, false
}

// part is one of the people the story is about.
type part struct {
	number, name string
	class        duty.Class
	unit         string // code of the organ they belong to
	role         duty.Role
	scope        string // code of the organ the role is held over
	post         *post
	zh, en       string
}

// The numbers by which the story calls its people.
const (
	head       = "310101"
	dispatcher = "310111"
	lead       = "310121"
	aPatrol    = "FJ31021"
	bPatrol    = "FJ31022"
	aTraffic   = "FJ31031"
	aClerk     = "FJ31061"
	viewer     = "300011"
	legal      = "300021"
	approver   = "300022"
	personnel  = "300031"
	auditor    = "309901"
)

var cast = []part{
	{head, "罗启明", duty.Officer, riverside, duty.RoleStationHead, riverside, nil, "派出所所长", "head of the station"},
	{dispatcher, "周建川", duty.Officer, riverside, duty.RoleOfficer, riverside, nil, "值班民警", "duty officer who dispatches"},
	{lead, "何敏", duty.Officer, squad(riverside, 2), duty.RoleOfficer, riverside, nil, "带领民警", "officer who leads"},
	{
		aPatrol, "冉明远", duty.FieldAuxiliary, squad(riverside, 3), duty.RoleAuxiliary, squad(riverside, 3), &responsePost,
		"勤务辅警（接处警）", "field auxiliary, response",
	},
	{
		bPatrol, "向小川", duty.FieldAuxiliary, squad(riverside, 3), duty.RoleAuxiliary, squad(riverside, 3), &responsePost,
		"勤务辅警（接处警）", "field auxiliary, response",
	},
	{
		aTraffic, "谭志强", duty.FieldAuxiliary, squad(riverside, 2), duty.RoleAuxiliary, squad(riverside, 2), &trafficPost,
		"勤务辅警（交通）", "field auxiliary, traffic",
	},
	{
		aClerk, "田雨晴", duty.CivilianAuxiliary, squad(riverside, 4), duty.RoleAuxiliary, squad(riverside, 4), &clerkPost,
		"文职辅警（窗口）", "civilian auxiliary, counter",
	},
	{viewer, "邓海燕", duty.Officer, squad(district, 1), duty.RoleViewer, district, nil, "指挥中心大屏", "command centre viewer"},
	{legal, "秦正阳", duty.Officer, squad(district, 2), duty.RoleLegal, district, nil, "法制部门", "legal department"},
	{approver, "黎书贤", duty.Officer, squad(district, 2), duty.RoleLegal, district, nil, "法制部门（审批）", "legal department, approves"},
	{personnel, "余慧敏", duty.Officer, squad(district, 3), duty.RolePersonnel, district, nil, "政工人事", "personnel"},
	{auditor, "廖光明", duty.Officer, bureau, duty.RoleAuditor, bureau, nil, "督察审计", "auditor"},
}

// Cast lists the demo accounts. Their devices have the same ids on every database, so that a printed command works on each.
func Cast() Accounts {
	accounts := make(Accounts, 0, len(cast))
	for _, p := range cast {
		accounts = append(accounts, Account{
			Number: p.number, Name: p.name, Role: p.role, Part: p.zh, PartEN: p.en, Device: deviceOf(p.number), Password: Password,
		})
	}
	return accounts
}

func deviceOf(number string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:dutybound:demo:device:"+number))
}
