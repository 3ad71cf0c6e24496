package app

import (
	"context"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/simulate"
)

// DemoCity gives a simulation the demo's people: the offices it needs, and the first crew.
func DemoCity(config simulate.Config) simulate.Config {
	by := map[duty.Role][]simulate.Account{}
	for _, a := range demo.Cast() {
		by[a.Role] = append(by[a.Role], simulate.Account{Number: a.Number, Password: a.Password, Device: a.Device})
	}
	officers, members, legal := by[duty.RoleOfficer], by[duty.RoleAuxiliary], by[duty.RoleLegal]
	config.Staff = simulate.Staff{
		Head: by[duty.RoleStationHead][0], Personnel: by[duty.RolePersonnel][0], Legal: legal[0], Approver: legal[1], Viewer: by[duty.RoleViewer][0], Auditor: by[duty.RoleAuditor][0],
	}
	config.Crew = []simulate.Account{officers[1], officers[0], members[0], members[1]}
	return config
}

// Enroller gives the people of a simulation their roles and passwords, as the administration does from the command line.
type Enroller struct {
	Store    *postgres.Store
	Identity *identity.Service
}

// Enrol implements simulate.Admin. Whoever was enrolled before has the role already.
func (e Enroller) Enrol(ctx context.Context, recruits []simulate.Recruit) error {
	admin := roster.NewAdmin(e.Store)
	for _, r := range recruits {
		role := duty.RoleAuxiliary
		if r.Officer {
			role = duty.RoleOfficer
		}
		err := admin.Enter(ctx, roster.Order{Grants: []roster.NewGrant{{Number: r.Number, Role: role, Organ: r.Organ}}})
		if err != nil && fault.KindOf(err) != fault.Conflict {
			return err
		}
		if err := e.Identity.ResetPassword(ctx, r.Number, r.Password, false); err != nil {
			return err
		}
	}
	return nil
}
