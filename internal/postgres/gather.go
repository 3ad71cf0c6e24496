package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/dutybound/dutybound/internal/fault"
)

// gathering asks the database once what many requests ask at the same moment. Nobody waits for others to come: while one question is
// under way the next ones gather, and each is put after it was asked. So a thousand phones cost little more than ten.
type gathering[Q, A any] struct {
	ask func(context.Context, []Q) ([]A, error) // an answer for each question, or an error for all

	mu      sync.Mutex
	waiting []*question[Q, A]
	asking  int
}

const (
	mostAsking  = 2   // at once: one is answered while the other one is put
	mostAsked   = 200 // together
	askPatience = 5 * time.Second
)

type question[Q, A any] struct {
	asked  Q
	answer A
	err    error
	done   chan struct{}
}

// one waits for its own answer only.
func (g *gathering[Q, A]) one(ctx context.Context, asked Q) (none A, err error) {
	q := &question[Q, A]{asked: asked, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, q)
	begin := g.asking < mostAsking
	if begin {
		g.asking++
	}
	g.mu.Unlock()
	if begin {
		go g.work()
	}
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done():
		return none, failure(ctx.Err())
	}
}

// work asks until nothing waits.
func (g *gathering[Q, A]) work() {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), mostAsked)
		asked := g.waiting[:n:n]
		if g.waiting = g.waiting[n:]; n == 0 {
			g.waiting = nil
			g.asking--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if g.together(asked); n > 1 && asked[0].err != nil && fault.KindOf(asked[0].err) != fault.Unavailable {
			for i := range asked { // one of them may be to blame, and the others are not
				g.together(asked[i : i+1])
			}
		}
		for _, q := range asked {
			close(q.done)
		}
	}
}

func (g *gathering[Q, A]) together(asked []*question[Q, A]) {
	ctx, cancel := context.WithTimeout(context.Background(), askPatience)
	defer cancel()
	list := make([]Q, len(asked))
	for i, q := range asked {
		list[i] = q.asked
	}
	answers, err := g.ask(ctx, list)
	for i, q := range asked {
		if q.err = err; err == nil {
			q.answer = answers[i]
		}
	}
}
