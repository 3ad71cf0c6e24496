package httpapi_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/httpapi"
)

// BenchmarkDispatch is what the API adds to a command, from the parsed request to the encoded answer, without any room below.
func BenchmarkDispatch(b *testing.B) {
	r := newRooms()
	r.answer = dispatch.Answer{
		Task:   dispatch.Task{ID: taskID, Members: make([]dispatch.Member, 2)},
		Ruling: &dispatch.RulingRecord{ID: uuid.New()},
	}
	handle := httpapi.New(r.config()).Handler()
	b.ReportAllocs()
	for b.Loop() {
		var c fasthttp.RequestCtx
		c.Request.Header.SetMethod("POST")
		c.Request.SetRequestURI("/v1/tasks")
		c.Request.Header.Set("Authorization", "Bearer "+goodToken)
		c.Request.Header.Set("Content-Type", "application/json")
		c.Request.Header.Set("Idempotency-Key", "0198f5a3-0c11-7a01-8f00-5d3f2c1b0a99")
		c.Request.SetBodyString(order)
		handle(&c)
		if c.Response.StatusCode() != 201 {
			b.Fatal(string(c.Response.Body()))
		}
		r.orders, r.commands = r.orders[:0], r.commands[:0]
	}
}
