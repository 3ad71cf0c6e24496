package httpapi

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/dutybound/dutybound/api"
)

func (h *handlers) CreateFeedTicket(ctx context.Context, r CreateFeedTicketRequestObject) (CreateFeedTicketResponseObject, error) {
	mine := value(value(r.Body).Scope) == api.FeedWishScopeMine
	ticket, expires, err := h.Tickets.Ticket(ctx, actorOf(ctx), mine)
	return CreateFeedTicket201JSONResponse{Ticket: ticket, ExpiresAt: expires}, err
}

// watch hands the handshake to the feed. A ticket says who watches, so the route is public.
func (h *handlers) watch(c *fiber.Ctx) error { return h.Watch(c) }
