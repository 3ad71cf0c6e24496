package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/safety"
)

// nearby finds officers for those at a scene, by where everybody is. Whoever calls for help need not see the roster of the district
// that it comes from: they are told who could come, and how far it is.
type nearby struct{ store *postgres.Store }

const (
	nearest    = 5
	nearestAge = 3 * time.Minute // positions older than that say nothing of who is near
)

// Nearby implements dispatch.Nearby.
func (n nearby) Nearby(ctx context.Context, actor duty.Actor, _ uuid.UUID, place duty.Place) ([]dispatch.Called, error) {
	at, known := place.Point()
	if !known {
		return nil, nil
	}
	house := duty.Actor{Person: actor.Person, Grants: []duty.Grant{{Role: duty.RoleViewer, Path: safety.District(actor.Organ)}}}
	found, err := n.store.Nearby(ctx, house, at, nearestAge, nearest)
	called := make([]dispatch.Called, len(found))
	for i, o := range found {
		metres := int(o.Metres)
		called[i] = dispatch.Called{Person: o.Person, Number: o.Number, Name: o.Name, OnDuty: true, Metres: &metres}
	}
	return called, err
}
