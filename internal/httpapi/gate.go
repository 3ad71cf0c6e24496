package httpapi

import (
	"context"
	"crypto/sha256"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
)

// call is one request as the use cases need it.
type call struct {
	session identity.Session // zero on public routes
	command [32]byte         // hash of what is asked: method, path, body
	body    []byte
	address string
	asking  identity.Asking // how it says who asks
	nonce   string          // for the next proof; empty: the one that was used is good for a while
	chinese bool            // asked for, rather than English
	// happened is when the command must have been given, of one that was recorded without network.
	happened *duty.Interval
}

type callKey struct{}

// called is the request that a context belongs to.
func called(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// actorOf is who asks; every route that is not public has one.
func actorOf(ctx context.Context) duty.Actor { return called(ctx).session.Actor }

// commandOf is the command that a request carries under its key.
func commandOf(ctx context.Context, key uuid.UUID) duty.Command {
	in := called(ctx)
	return duty.Command{ID: key, Hash: in.command, Happened: in.happened}
}

// withOthersPassword is what somebody may do whose password was set by somebody else: change it, and leave.
var withOthersPassword = map[string]bool{"changePassword": true, "signOut": true, "getMe": true}

// admit lets a request through to its handler: first who asks, then whether the request fits the contract. So nobody learns the
// contract's limits, or anything else, without a session.
func (g gate) admit(c *fiber.Ctx, op *operation) error {
	noteOperation(c, op)
	in := &call{address: addressOf(c), asking: g.askers.of(c), chinese: prefersChinese(c.Get(fiber.HeaderAcceptLanguage))}
	if k := carriedBy(c); k != nil {
		if k.op = op; !offline[op.Operation] {
			return errNotOffline
		}
		in.session, in.happened = identity.Session{Actor: k.session}, &k.made
		noteActor(c, k.session)
	} else if !op.Public {
		session, nonce, err := g.sessions.Admit(c.UserContext(), in.asking)
		if err != nil {
			return err
		}
		in.session, in.nonce = session, nonce
		noteActor(c, session.Actor)
		if session.MustChange && !withOthersPassword[op.Operation] {
			return fault.New(fault.Forbidden, "password_change_required", "请先修改初始密码", "change the password that was set for you first")
		}
	}
	if err := op.checkRequest(c); err != nil {
		return err
	}
	if op.body != nil {
		in.body = c.BodyRaw()
	}
	if op.command {
		in.command = commandHash(c, in.body)
	}
	c.SetUserContext(context.WithValue(c.UserContext(), callKey{}, in))
	err := c.Next()
	if in.nonce != "" {
		c.Set(nonceHeader, in.nonce)
	}
	return err
}

// commandHash is what two requests with the same key must agree on. Neither a method nor a path can hold a line break.
func commandHash(c *fiber.Ctx, body []byte) (sum [32]byte) {
	h := sha256.New()
	h.Write([]byte(c.Method() + "\n" + c.Path() + "\n"))
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}
