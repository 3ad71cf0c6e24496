package feed

import (
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// checkSessions asks again and again, in one question for all of them, whether those who watch still may: a socket outlives the
// request that opened it, and authority is only ever what it is now.
func (h *Hub) checkSessions(ctx context.Context) {
	duty.Rounds{What: "feed: checking sessions", Every: h.pace.Check, Log: h.log}.Run(ctx, h.checkOnce)
}

func (h *Hub) checkOnce(ctx context.Context) error {
	asked := h.bySession()
	if len(asked) == 0 {
		return nil
	}
	sessions := make([]uuid.UUID, 0, len(asked))
	for id := range asked {
		sessions = append(sessions, id)
	}
	ctx, cancel := context.WithTimeout(ctx, h.pace.Patience)
	defer cancel()
	live, err := h.store.Live(ctx, sessions)
	if err != nil {
		return err
	}
	viewers := make(map[uuid.UUID]Viewer, len(live))
	for _, viewer := range live {
		viewers[viewer.Session] = viewer
	}
	h.apply(asked, viewers)
	return nil
}

func (h *Hub) bySession() map[uuid.UUID][]*Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	sessions := map[uuid.UUID][]*Subscription{}
	for s := range h.subs {
		sessions[s.session] = append(sessions[s.session], s)
	}
	return sessions
}

// apply gives each subscriber the reach it has now, and cuts those that have none. Subscribers that came after the question was
// asked are in no list here: their ticket was checked later than that.
func (h *Hub) apply(asked map[uuid.UUID][]*Subscription, viewers map[uuid.UUID]Viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for session, subs := range asked {
		viewer := viewers[session]
		for _, s := range subs {
			viewer.Mine = s.person != uuid.Nil
			scope := viewer.scope()
			if _, still := h.subs[s]; !still {
				continue
			}
			if scope.empty() {
				h.cut(s, Revoked)
				continue
			}
			s.scope.Store(&scope)
		}
	}
}
