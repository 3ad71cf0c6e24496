package httpapi

import (
	"context"

	"github.com/gofiber/fiber/v2"
)

func (h *handlers) CreateFeedTicket(ctx context.Context, _ CreateFeedTicketRequestObject) (CreateFeedTicketResponseObject, error) {
	ticket, expires, err := h.Tickets.Ticket(ctx, actorOf(ctx))
	return CreateFeedTicket201JSONResponse{Ticket: ticket, ExpiresAt: expires}, err
}

// watch hands the handshake to the feed. A ticket says who watches, so the route is public.
func (h *handlers) watch(c *fiber.Ctx) error { return h.Watch(c) }
