// Package feed owns what a viewer may see of the sequenced log, and from where: tickets, cursors, and the hub that hands each
// event once to every subscriber in whose reach it lies. It knows no socket and no SQL.
package feed

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// TicketLife is how long a ticket may wait for its socket.
const TicketLife = 30 * time.Second

const ticketBytes = 32 // 256 bits from the system's generator

// Service lets viewers in. A browser cannot put a session token on a websocket, and a token in a URL ends up in logs, so a viewer
// fetches a ticket with the session and spends it, once, on the socket.
type Service struct {
	store Store
	hub   *Hub
}

// New makes the service on a hub.
func New(store Store, hub *Hub) *Service { return &Service{store, hub} }

// Ticket makes a ticket for the actor's session: single use, good for TicketLife. Only its hash is kept. It opens the feed of the
// organs in reach, or the person's own, which everybody with an account has.
func (s *Service) Ticket(ctx context.Context, actor duty.Actor, mine bool) (token string, expires time.Time, err error) {
	needs := duty.WatchFeed
	if mine {
		needs = duty.OwnAccount
	}
	if err := duty.Require(actor, needs); err != nil {
		return "", time.Time{}, err
	}
	var secret [ticketBytes]byte
	rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	expires, err = s.store.AddTicket(ctx, sha256.Sum256([]byte(token)), Ticket{actor.Session, mine}, TicketLife)
	return token, expires, err
}

// Admit spends a ticket and says who came with it. It fails with fault.Unauthenticated for a ticket that is not good (any more).
func (s *Service) Admit(ctx context.Context, token string) (Viewer, error) {
	viewer, err := s.store.TakeTicket(ctx, sha256.Sum256([]byte(token)))
	if err != nil {
		return Viewer{}, err
	}
	if viewer.scope().empty() {
		return Viewer{}, fault.New(fault.Forbidden, "not_permitted", "您没有执行此操作的权限", "you may not do this")
	}
	return viewer, nil
}

// Subscribe starts an admitted viewer's way through the log: after a cursor, or from the head when after is nil. The caller closes
// the subscription.
func (s *Service) Subscribe(viewer Viewer, after *int64) *Subscription {
	return s.hub.subscribe(viewer, after)
}
