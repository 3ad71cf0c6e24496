package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/shift"
)

// gathering writes what many phones send at the same moment in one statement and one flush. Nobody waits for others to come: while
// one write is under way the next ones gather. Each is answered when its points are durable.
type gathering struct {
	write func(context.Context, *pointColumns) (map[uuid.UUID]shift.Window, error)

	mu      sync.Mutex
	waiting []*batch
	writers int
}

const (
	mostWriters  = 2   // at once: one flushes while the other one's rows are made
	mostBatches  = 200 // in one write
	writePatient = 5 * time.Second
)

// batch is one phone's points on their way, and what became of them.
type batch struct {
	person uuid.UUID
	points []shift.Point
	window shift.Window
	err    error
	done   chan struct{}
}

// keep waits for its own points only. When the context ends first nobody knows whether they are kept; sent again they are kept once.
func (g *gathering) keep(ctx context.Context, person uuid.UUID, points []shift.Point) (shift.Window, error) {
	b := &batch{person: person, points: points, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, b)
	begin := g.writers < mostWriters
	if begin {
		g.writers++
	}
	g.mu.Unlock()
	if begin {
		go g.work()
	}
	select {
	case <-b.done:
		return b.window, b.err
	case <-ctx.Done():
		return shift.Window{}, failure(ctx.Err())
	}
}

// work writes until nothing waits.
func (g *gathering) work() {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), mostBatches)
		batches := g.waiting[:n:n]
		if g.waiting = g.waiting[n:]; n == 0 {
			g.writers--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if g.together(batches); batches[0].err != nil && n > 1 && fault.KindOf(batches[0].err) != fault.Unavailable {
			for i := range batches { // one of them may be to blame, and the others are not
				g.together(batches[i : i+1])
			}
		}
		for _, b := range batches {
			close(b.done)
		}
	}
}

func (g *gathering) together(batches []*batch) {
	ctx, cancel := context.WithTimeout(context.Background(), writePatient)
	defer cancel()
	c := &pointColumns{}
	for _, b := range batches {
		c.add(b.person, b.points)
	}
	windows, err := g.write(ctx, c)
	for _, b := range batches {
		b.window, b.err = windows[b.person], err
	}
}
