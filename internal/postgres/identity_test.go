package postgres_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// signedIn opens a session for somebody whose password hash is "hash".
func (h *house) signedIn(a duty.Actor, token byte) (identity.NewSession, error) {
	h.t.Helper()
	n := identity.NewSession{ID: newID(), Token: [32]byte{token}, Person: a.Person, Device: a.Device, Password: "hash", Life: time.Hour}
	_, err := h.store.AddSession(context.Background(), n)
	return n, err
}

func (h *house) fact(kind string, path duty.Path) ledger.Event {
	return ledger.Event{ID: newID(), Kind: kind, Path: path, Actor: h.head.Person, Body: json.RawMessage(`{}`)}
}

func TestASessionSaysWhoItIsAndWhatTheyMayDoNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.must(h.store.SetPassword(ctx, h.wang.Person, "hash", true, uuid.Nil))
	n, err := h.signedIn(h.wang, 1)
	h.must(err)
	s, err := h.store.Session(ctx, n.Token)
	h.must(err)
	a := s.Actor
	if a.Person != h.wang.Person || a.Device != h.wang.Device || a.Session != n.ID || a.Organ != h.north || a.Number != "F20001" || !s.MustChange ||
		len(a.Grants) != 1 || a.Grants[0] != (duty.Grant{Role: duty.RoleAuxiliary, Path: h.north.Path}) || time.Until(s.ExpiresAt) > time.Hour {
		t.Errorf("%+v", s)
	}
	c, err := h.store.Credential(ctx, "F20001", h.wang.Device)
	h.must(err)
	if c.Person != h.wang.Person || c.Hash != "hash" || !c.DeviceLive || c.Status != law.StatusActive {
		t.Errorf("%+v", c)
	}
	if c, err = h.store.Credential(ctx, "F20001", h.li.Device); err != nil || c.DeviceLive {
		t.Errorf("with another's device: %+v, %v", c, err)
	}
	_, err = h.store.Credential(ctx, "nobody", h.wang.Device)
	wantFault(t, err, fault.NotFound)
}

func TestEverythingThatEndsASessionEndsItAtOnce(t *testing.T) {
	t.Parallel()
	ends := map[string]func(h *house, n identity.NewSession) error{
		"signing out": func(h *house, n identity.NewSession) error { return h.store.EndSession(context.Background(), n.ID) },
		"another password": func(h *house, n identity.NewSession) error {
			return h.store.SetPassword(context.Background(), n.Person, "other", false, uuid.Nil)
		},
		"a revoked device": func(h *house, n identity.NewSession) error {
			_, err := h.store.RevokeDevice(context.Background(), n.Device, h.fact("device.revoked", h.north.Path))
			return err
		},
		"leaving the service": func(h *house, n identity.NewSession) error {
			admin := h.person("P1", "人事", duty.Other, h.north, duty.RolePersonnel)
			_, err := h.roster().SetStatus(context.Background(), admin, n.Person, law.StatusSeparated, "辞职")
			return err
		},
		"its time": func(h *house, n identity.NewSession) error {
			_, err := h.owner.Exec(context.Background(), `UPDATE session SET expires_at = now()`)
			return err
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.must(h.store.SetPassword(t.Context(), h.wang.Person, "hash", false, uuid.Nil))
			n, err := h.signedIn(h.wang, 1)
			h.must(err)
			live, err := h.store.Live(t.Context(), []uuid.UUID{n.ID, newID()})
			h.must(err)
			if len(live) != 1 || live[0].Person != h.wang.Person || len(live[0].Grants) != 1 {
				t.Errorf("live: %+v", live)
			}
			h.must(end(h, n))
			_, err = h.store.Session(t.Context(), n.Token)
			wantFault(t, err, fault.Unauthenticated)
			live, err = h.store.Live(t.Context(), []uuid.UUID{n.ID})
			h.must(err)
			if len(live) != 0 {
				t.Errorf("still live: %+v", live)
			}
		})
	}
}

func TestNobodySignsInWithWhatHasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	_, err := h.signedIn(h.wang, 1)
	wantFault(t, err, fault.Unauthenticated) // no password was ever set
	h.must(h.store.SetPassword(ctx, h.wang.Person, "other", false, uuid.Nil))
	_, err = h.signedIn(h.wang, 1)
	wantFault(t, err, fault.Unauthenticated)
	h.must(h.store.SetPassword(ctx, h.wang.Person, "hash", false, uuid.Nil))
	stolen := h.wang
	stolen.Device = h.li.Device
	_, err = h.signedIn(stolen, 1)
	wantFault(t, err, fault.Unauthenticated)
	_, err = h.store.RevokeDevice(ctx, h.wang.Device, h.fact("device.revoked", h.north.Path))
	h.must(err)
	_, err = h.signedIn(h.wang, 1)
	wantFault(t, err, fault.Unauthenticated)
}

// Whoever sets a password while somebody signs in with the old one leaves no session behind, in either order.
func TestASignInAndANewPasswordAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for round := range 20 {
		h.must(h.store.SetPassword(t.Context(), h.wang.Person, "hash", false, uuid.Nil))
		var wg sync.WaitGroup
		var n identity.NewSession
		wg.Go(func() { n, _ = h.signedIn(h.wang, byte(round+1)) })
		wg.Go(func() {
			if err := h.store.SetPassword(context.Background(), h.wang.Person, "other", false, uuid.Nil); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		_, err := h.store.Session(t.Context(), n.Token)
		wantFault(t, err, fault.Unauthenticated)
	}
}

func TestAPasswordOfOnesOwnKeepsTheSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(h.store.SetPassword(t.Context(), h.wang.Person, "hash", true, uuid.Nil))
	mine, err := h.signedIn(h.wang, 1)
	h.must(err)
	other, err := h.signedIn(h.wang, 2)
	h.must(err)
	wantFault(t, h.store.ReplacePassword(t.Context(), h.wang.Person, "an older one", "mine", mine.ID), fault.Conflict)
	if c, err := h.store.Credential(t.Context(), "F20001", h.wang.Device); err != nil || c.Hash != "hash" || !c.MustChange {
		t.Errorf("a password set meanwhile was replaced: %+v, %v", c, err)
	}
	h.must(h.store.ReplacePassword(t.Context(), h.wang.Person, "hash", "mine", mine.ID))
	s, err := h.store.Session(t.Context(), mine.Token)
	h.must(err)
	if s.MustChange {
		t.Error("must change it still")
	}
	_, err = h.store.Session(t.Context(), other.Token)
	wantFault(t, err, fault.Unauthenticated)
}

func TestDevicesAreSeenByTheirOwnersAndTheRoster(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	for name, c := range map[string]struct {
		actor duty.Actor
		sees  bool
	}{"owner": {h.wang, true}, "station": {h.officer, true}, "district": {h.head, true}, "teammate": {h.li, false}, "another station": {h.stranger, false}} {
		d, err := h.store.Device(ctx, c.actor, h.wang.Device)
		if c.sees != (err == nil) || (err != nil && fault.KindOf(err) != fault.NotFound) || (c.sees && d.Path != h.north.Path) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		path, err := h.store.Owner(ctx, c.actor, h.wang.Person)
		if c.sees != (err == nil) || (c.sees && path != h.north.Path) {
			t.Errorf("%s: owner %q, %v", name, path, err)
		}
		list, err := h.store.DevicesOf(ctx, c.actor, h.wang.Person)
		if err != nil || c.sees != (len(list) == 1) {
			t.Errorf("%s: lists %d, %v", name, len(list), err)
		}
	}
}

func TestADeviceIsAddedAndRevokedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	d := identity.Device{ID: newID(), Person: h.wang.Person, Name: "平板", Platform: identity.HarmonyOS}
	cmd := duty.Command{ID: newID()}
	registered, replay, err := h.store.RegisterDevice(ctx, h.officer, cmd, d, h.fact("device.registered", h.north.Path))
	h.must(err)
	first, err := h.store.AddDevice(ctx, d)
	h.must(err)
	if replay || first != registered {
		t.Errorf("%+v then %+v", registered, first)
	}
	d.ID, d.Name = newID(), "another name"
	again, replay, err := h.store.RegisterDevice(ctx, h.officer, cmd, d, h.fact("device.registered", h.north.Path))
	h.must(err)
	if !replay || again.ID != first.ID {
		t.Errorf("the command again: %+v", again)
	}
	d.ID = first.ID
	again, err = h.store.AddDevice(ctx, d)
	h.must(err)
	if again != first || again.Name != "平板" || again.Path != h.north.Path {
		t.Errorf("%+v then %+v", first, again)
	}
	revoked, err := h.store.RevokeDevice(ctx, d.ID, h.fact("device.revoked", h.north.Path))
	h.must(err)
	twice, err := h.store.RevokeDevice(ctx, d.ID, h.fact("device.revoked", h.north.Path))
	h.must(err)
	if revoked.RevokedAt == nil || !twice.RevokedAt.Equal(*revoked.RevokedAt) {
		t.Errorf("%+v then %+v", revoked, twice)
	}
	if n := h.count(`SELECT count(*) FROM event`); n != 2 {
		t.Errorf("%d events", n)
	}
	_, err = h.store.RevokeDevice(ctx, newID(), h.fact("device.revoked", h.north.Path))
	wantFault(t, err, fault.NotFound)
}

func TestATicketLetsOneIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(h.store.SetPassword(t.Context(), h.officer.Person, "hash", false, uuid.Nil))
	n, err := h.signedIn(h.officer, 1)
	h.must(err)
	ticket := [32]byte{7}
	expires, err := h.store.AddTicket(t.Context(), ticket, feed.Ticket{Session: n.ID}, 30*time.Second)
	h.must(err)
	if left := time.Until(expires); left <= 0 || left > 31*time.Second {
		t.Errorf("expires in %v", left)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for range 6 {
		wg.Go(func() {
			v, err := h.store.TakeTicket(context.Background(), ticket)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && v.Session == n.ID && len(v.Grants) == 1 {
				in++
			} else if fault.KindOf(err) != fault.Unauthenticated {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in != 1 {
		t.Errorf("%d came in", in)
	}
	for name, spoil := range map[string]string{
		"an old ticket":    `UPDATE feed_ticket SET expires_at = now() - interval '1 s'`,
		"an ended session": `UPDATE session SET revoked_at = now()`,
	} {
		_, err = h.store.AddTicket(t.Context(), [32]byte{name[3]}, feed.Ticket{Session: n.ID}, 30*time.Second)
		h.must(err)
		_, err = h.owner.Exec(t.Context(), spoil)
		h.must(err)
		_, err = h.store.TakeTicket(t.Context(), [32]byte{name[3]})
		wantFault(t, err, fault.Unauthenticated)
	}
}
