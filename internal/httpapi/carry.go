package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/outbox"
)

// offline are the operations that a phone may record without network: steps of work and what is seen. Whoever adds one needs an
// Idempotency-Key on it, and a use case that can be asked hours later.
var offline = map[string]bool{
	"acknowledgeTask": true, "acceptTask": true, "declineTask": true, "startTask": true, "pauseTask": true, "resumeTask": true,
	"finishTask": true, "cancelTask": true, "reassignTask": true, "nameLead": true, "observe": true,
	"acceptLead": true, "takeLead": true, "raiseAlarm": true, "answerAlarm": true, "answerCheck": true,
	"checkIn": true, "checkOut": true, "changeActs": true, "askRecusal": true, "objectToOrder": true,
	"askRestraint": true, "commandRestraint": true, "tellRestraintUse": true, "reportRestraint": true,
}

// confidential are those of them whose words are for the heads that decide on them, and for nobody else who reviews records: they may be
// said against whoever reads them there (Art. 20, 22).
var confidential = map[string]duty.Permission{"askRecusal": duty.DecideRecusal, "objectToOrder": duty.AnswerObjection}

// mayRead says whether somebody who reviews records may read the words of one that was not carried out. Whose words they are is nobody's
// to say when there is no such operation.
func mayRead(actor duty.Actor, path duty.Path, request string) bool {
	op := operationOn(request)
	if op == nil {
		return false
	}
	p, kept := confidential[op.Operation]
	return !kept || actor.Can(p, duty.Target{Path: path})
}

var errNotOffline = fault.New(fault.Forbidden, "not_offline", "该操作不能离线记录", "this cannot be recorded without network")

// Carrier carries out the requests of records: through the same routes, contract and handlers as those that come over the network. It
// works once New has been given it.
type Carrier struct {
	run fasthttp.RequestHandler
}

// carried is a request that comes from a record. Nothing that comes over the network can have one.
type carried struct {
	ctx     context.Context
	session duty.Actor
	made    duty.Interval
	op      *operation
	err     error // what it was answered, before it was put into words
}

type carriedKey struct{}

// carriedBy is the record that a request comes from; nil for one from the network.
func carriedBy(c *fiber.Ctx) *carried {
	k, _ := c.Locals(carriedKey{}).(*carried)
	return k
}

// beginning is the context that a request begins with.
func beginning(c *fiber.Ctx) context.Context {
	if k := carriedBy(c); k != nil {
		return k.ctx
	}
	return c.UserContext()
}

// Carry implements outbox.Carrier.
func (r *Carrier) Carry(ctx context.Context, actor duty.Actor, asked outbox.Request) (outbox.Answer, error) {
	k := &carried{ctx: ctx, session: actor, made: asked.Made}
	var request fasthttp.Request
	request.Header.SetMethod(fiber.MethodPost)
	request.SetRequestURI(asked.Path)
	request.Header.Set(keyHeader, asked.ID.String())
	if body := bodyOf(asked); len(body) > 0 {
		request.Header.SetContentType(fiber.MIMEApplicationJSON)
		request.SetBody(body)
	}
	var c fasthttp.RequestCtx
	c.Init(&request, &net.TCPAddr{IP: net.IPv4zero}, nil)
	c.SetUserValue(carriedKey{}, k)
	r.run(&c)
	return answerOf(k, asked, c.Response.StatusCode(), c.Response.Body())
}

// bodyOf: a step that takes no body is recorded with an empty one.
func bodyOf(asked outbox.Request) []byte {
	if string(asked.Body) == "{}" {
		if op := operationOn(asked.Path); op != nil && op.body == nil {
			return nil
		}
	}
	return asked.Body
}

// answerOf reads what there is to keep of an answer. What may come out otherwise at another try is an error.
func answerOf(k *carried, asked outbox.Request, status int, body []byte) (outbox.Answer, error) {
	a := outbox.Answer{Status: status}
	if k.op != nil {
		a.Operation, a.Target = k.op.Operation, targetOf(k.op, asked.Path)
	}
	if k.err != nil {
		_, a.Fault = problemOf(k.err)
		if a.Fault.Kind == fault.Running || a.Fault.Kind == fault.TooMany || a.Fault.Kind == fault.Unauthenticated {
			return a, k.err
		}
	}
	if status >= fiber.StatusInternalServerError {
		return a, fmt.Errorf("a record was answered %d: %w", status, errors.Join(k.err))
	}
	var said struct {
		Task   *struct{ ID uuid.UUID }
		Ruling *struct {
			ID      *uuid.UUID
			Outcome string
		}
	}
	if json.Unmarshal(body, &said) == nil { // other answers have neither
		if said.Task != nil {
			a.Task = &said.Task.ID
		}
		if said.Ruling != nil {
			a.Ruling, a.Outcome = said.Ruling.ID, said.Ruling.Outcome
		}
	}
	return a, nil
}
