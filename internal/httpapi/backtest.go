package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

const (
	backtestLimit = 15 * time.Minute // of one back-test
	lineLimit     = 20 * time.Second // for a line to be taken by whoever reads it
)

// RunBacktest answers before the work is done: what is wrong with the request is a problem document, all else a line of the stream.
func (h *handlers) RunBacktest(ctx context.Context, r RunBacktestRequestObject) (RunBacktestResponseObject, error) {
	run, err := h.Trials.Backtest(ctx, actorOf(ctx), dispatch.Trial{
		From: r.Body.From, To: r.Body.To,
		Settings: law.Settings{Readings: r.Body.Readings, Entries: convert(r.Body.Entries, entryOf)},
	})
	return backtestStream{h, run}, inputFault(err)
}

func entryOf(e api.LawEntry) law.Entry {
	return law.Entry{Item: e.Item, Act: e.Act, Name: law.Text{ZH: e.Name.Zh, EN: e.Name.En}, Basis: e.Basis}
}

// backtestStream writes lines while the work goes on.
type backtestStream struct {
	*handlers
	run func(context.Context, func(dispatch.Progress)) (dispatch.Comparison, error)
}

// VisitRunBacktestResponse hands the stream to the server, which writes it once the request is through. The request's deadline does
// not hold for it; that its reader stops reading ends it.
func (s backtestStream) VisitRunBacktestResponse(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/x-ndjson")
	l := lines{conn: c.Context().Conn(), zh: prefersChinese(c.Get(fiber.HeaderAcceptLanguage)), request: requestID(c)}
	ctx := context.WithoutCancel(c.UserContext())
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		l.to = w
		if err := s.stream(ctx, &l); err != nil {
			s.Log.Error("back-test", "request", l.request, "error", err)
		}
	})
	return nil
}

func (s backtestStream) stream(ctx context.Context, l *lines) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("panic: %v\n%s", bug, debug.Stack())
		}
	}()
	ctx, end := context.WithTimeoutCause(ctx, backtestLimit, context.DeadlineExceeded)
	defer end()
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	found, err := s.run(ctx, func(p dispatch.Progress) {
		if l.write(api.BacktestLine{Progress: &api.BacktestProgress{Done: p.Done, Portion: float32(p.Portion)}}) != nil {
			gone()
		}
	})
	if err != nil {
		status, what := problemOf(err)
		problem := problemDocument(status, what, l.zh, l.request)
		_ = l.write(api.BacktestLine{Problem: &problem}) // whoever has gone hears nothing
		return err
	}
	return l.write(api.BacktestLine{Comparison: &api.Comparison{
		Same: found.Same, Different: found.Different, Unruled: found.Unruled, Differences: convert(found.Differences, differenceOf),
	}})
}

func differenceOf(d dispatch.Difference) api.Difference {
	return api.Difference{
		Act: d.Act, Organ: api.Path(d.Organ), Was: api.Outcome(d.Was.String()), Clause: d.Clause, Is: api.Outcome(d.Is.String()), By: d.By,
		Count: d.Count, Example: d.Example,
	}
}

// lines are written one by one to a connection whose deadline goes along.
type lines struct {
	conn    net.Conn
	to      *bufio.Writer
	zh      bool
	request string
}

func (l *lines) write(line api.BacktestLine) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(lineLimit)); err != nil {
		return err
	}
	if _, err := l.to.Write(append(text, '\n')); err != nil {
		return err
	}
	return l.to.Flush()
}
