package identity_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
)

func holding(role duty.Role, path duty.Path) duty.Actor {
	return duty.Actor{
		Person: uuid.New(), Device: uuid.New(), Organ: duty.Organ{Path: path}, Grants: []duty.Grant{{Role: role, Path: path}},
	}
}

func TestARegistrationIsAnEvent(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	personnel := holding(duty.RolePersonnel, station)
	one, _, err := s.RegisterDevice(t.Context(), personnel, duty.Command{ID: uuid.New()}, m.known.Person, "警务通", identity.Android)
	if err != nil || len(m.events) != 1 {
		t.Fatalf("%d events, %v", len(m.events), err)
	}
	e := m.events[0]
	if e.Kind != "device.registered" || e.Path != station || e.Actor != personnel.Person || !strings.Contains(string(e.Body), one.ID.String()) {
		t.Errorf("event %+v", e)
	}
}

func TestWhoRegistersAndRevokesDevices(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	device := identity.Device{ID: uuid.New(), Person: m.known.Person, Path: station, Platform: identity.IOS}
	m.devices[device.ID] = device
	const ok, forbidden, missing = fault.Internal, fault.Forbidden, fault.NotFound // KindOf(nil) is Internal: no error is ok
	for _, c := range []struct {
		role             duty.Role
		path             duty.Path
		register, revoke fault.Kind
	}{
		{duty.RolePersonnel, station, ok, ok},
		{duty.RolePersonnel, "500000000000/", ok, ok},
		{duty.RolePersonnel, sister, missing, missing},
		{duty.RoleStationHead, station, forbidden, ok},
		{duty.RoleOfficer, station, forbidden, ok},
		{duty.RoleOfficer, sister, missing, missing},
		{duty.RoleViewer, station, forbidden, forbidden},
		{duty.RoleAuditor, station, forbidden, forbidden},
		{duty.RoleAuxiliary, station, missing, missing},
		{duty.RoleLegal, station, missing, missing},
	} {
		actor := holding(c.role, c.path)
		_, _, err := s.RegisterDevice(t.Context(), actor, duty.Command{ID: uuid.New()}, m.known.Person, "x", identity.Web)
		if fault.KindOf(err) != c.register || (err == nil) != (c.register == ok) {
			t.Errorf("%s of %s registering: %v", c.role, c.path, err)
		}
		_, err = s.RevokeDevice(t.Context(), actor, device.ID)
		if fault.KindOf(err) != c.revoke || (err == nil) != (c.revoke == ok) {
			t.Errorf("%s of %s revoking: %v", c.role, c.path, err)
		}
		if _, listed := s.Devices(t.Context(), actor, m.known.Person); fault.KindOf(listed) != c.revoke || (listed == nil) != (c.revoke == ok) {
			t.Errorf("%s of %s listing: %v", c.role, c.path, listed)
		}
	}
	owner := holding(duty.RoleAuxiliary, station)
	owner.Person = m.known.Person
	if _, err := s.RevokeDevice(t.Context(), owner, device.ID); err != nil {
		t.Errorf("the owner revoking: %v", err)
	}
	if _, err := s.RevokeDevice(t.Context(), owner, uuid.New()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("revoking what is not there: %v", err)
	}
}

func TestAdministrationAddsDevices(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	d, err := s.AddDevice(t.Context(), number, identity.Device{Name: "x", Platform: identity.Web})
	if err != nil || d.ID == uuid.Nil || d.Person != m.known.Person || len(m.events) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.AddDevice(t.Context(), number, identity.Device{Name: "x", Platform: "pager"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a pager: %v", err)
	}
	if _, err := s.AddDevice(t.Context(), number, identity.Device{Platform: identity.Web}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a device without a name: %v", err)
	}
	if _, err := s.AddDevice(t.Context(), "nobody", identity.Device{Name: "x", Platform: identity.Web}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody's device: %v", err)
	}
}
