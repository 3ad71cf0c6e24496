package feedkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

// SignIn enters somebody who holds a role over one of the organs, with a device and a live session.
func (l *Log) SignIn(role duty.Role, path duty.Path) duty.Actor {
	l.t.Helper()
	a := duty.Actor{
		Person: uuid.New(), Name: "值班员", Class: duty.Officer, Organ: organs[path], Device: uuid.New(), Session: uuid.New(),
		Grants: []duty.Grant{{Role: role, Path: path}},
	}
	a.Number = a.Person.String()
	ctx := l.t.Context()
	l.must(l.Enter(ctx, roster.Entries{
		People: []duty.Person{{ID: a.Person, Number: a.Number, Name: a.Name, Class: a.Class, Organ: a.Organ, Status: law.StatusActive}},
		Grants: held(a.Person, a.Grants),
	}))
	_, err := l.AddDevice(ctx, identity.Device{ID: a.Device, Person: a.Person, Name: "大屏", Platform: identity.Web})
	l.must(err)
	l.must(l.SetPassword(ctx, a.Person, "hash", false, uuid.Nil))
	_, err = l.AddSession(ctx, identity.NewSession{
		ID: a.Session, Token: [32]byte(append(a.Session[:], a.Device[:]...)), Person: a.Person, Device: a.Device, Password: "hash", Life: time.Hour,
	})
	l.must(err)
	return a
}

// Regrant takes what the actor signed in with and gives other grants, all at once.
func (l *Log) Regrant(a duty.Actor, grants ...duty.Grant) {
	l.t.Helper()
	l.must(l.Enter(l.t.Context(), roster.Entries{Grants: held(a.Person, grants), Withdrawn: held(a.Person, a.Grants)}))
}

func held(person uuid.UUID, grants []duty.Grant) []roster.HeldGrant {
	all := make([]roster.HeldGrant, len(grants))
	for i, g := range grants {
		all[i] = roster.HeldGrant{Person: person, Role: g.Role, Organ: organs[g.Path]}
	}
	return all
}

// SignOut ends the actor's session.
func (l *Log) SignOut(a duty.Actor) {
	l.t.Helper()
	l.must(l.EndSession(l.t.Context(), a.Session))
}
