package simulate

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// place is where a phone is, as metres north and east of its crew's corner, and what it has yet to tell of that.
type place struct {
	mu           sync.Mutex
	lat, lon     float64 // the corner
	north, east  float64
	moves        int // how often it went somewhere else
	onDuty       bool
	online       bool
	points       []api.PositionPoint
	moved        []int // of each point: the move after which it was taken
	acknowledged int   // the newest move that the server has a position of
}

const (
	everyPoint   = 10 * time.Second // simulated
	inOneBatch   = 200
	metresDegree = 111195.0
)

// goes puts the phone somewhere else and answers the number of the move.
func (p *phone) goes(north, east float64) int {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	p.place.north, p.place.east = north, east
	p.place.moves++
	return p.place.moves
}

func (p *phone) point(at time.Time) api.PositionPoint {
	accuracy := 5.0
	return api.PositionPoint{
		CapturedAt: at, Datum: api.DatumWgs84, AccuracyM: &accuracy,
		Lat: p.place.lat + p.place.north/metresDegree, Lon: p.place.lon + p.place.east/metresDegree,
	}
}

// follow captures a point every ten simulated seconds and sends what there is, until the context ends. A slow answer makes the next batch
// longer, not the points fewer.
func (p *phone) follow(ctx context.Context) {
	every := max(p.pace.real(everyPoint), 5*time.Millisecond)
	next := time.Now()
	for ctx.Err() == nil {
		if rest(ctx, time.Until(next)) != nil {
			return
		}
		for ; !next.After(time.Now()); next = next.Add(every) {
			p.capture(next.Add(p.clockOff))
		}
		p.report(ctx)
	}
}

func (p *phone) capture(at time.Time) {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	if p.place.onDuty {
		p.place.points = append(p.place.points, p.point(at))
		p.place.moved = append(p.place.moved, p.place.moves)
	}
}

// report sends every point that waits. One batch in twenty is sent twice.
func (p *phone) report(ctx context.Context) {
	p.tracking.Lock()
	defer p.tracking.Unlock()
	for {
		points, move := p.batch()
		if len(points) == 0 {
			return
		}
		for range 1 + int(points[0].CapturedAt.UnixNano()/1000%20)/19 {
			if !p.sendPoints(ctx, points) {
				return
			}
		}
		p.place.mu.Lock()
		p.place.points, p.place.moved = p.place.points[len(points):], p.place.moved[len(points):]
		p.place.acknowledged = move
		p.place.mu.Unlock()
	}
}

func (p *phone) batch() (points []api.PositionPoint, move int) {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	if !p.place.online {
		return nil, 0
	}
	n := min(len(p.place.points), inOneBatch)
	if n == 0 {
		return nil, 0
	}
	return append(points, p.place.points[:n]...), p.place.moved[n-1]
}

func (p *phone) sendPoints(ctx context.Context, points []api.PositionPoint) bool {
	sent := p.wall()
	got, err := p.api.SendPositionsWithResponse(ctx, api.PositionBatch{SentAt: &sent, Points: points})
	if err != nil || got.JSON200 == nil {
		return false // they wait
	}
	p.points.Add(int64(got.JSON200.Accepted))
	p.pointsRefused.Add(int64(len(got.JSON200.Refused)))
	return true
}

// shown waits until the server has a position from after a move.
func (p *phone) shown(ctx context.Context, move int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		p.place.mu.Lock()
		there := p.place.acknowledged >= move
		p.place.mu.Unlock()
		if there {
			return nil
		}
		if err := rest(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *phone) setOnline(online bool) {
	p.place.mu.Lock()
	p.place.online = online
	p.place.mu.Unlock()
	if p.feed != nil {
		p.feed.allow(online)
	}
}

func (p *phone) setOnDuty(on bool) {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	p.place.onDuty = on
	p.place.points, p.place.moved = nil, nil
}

// arrives begins the first shift. Whoever is on duty since some other time goes off first.
func (p *phone) arrives(ctx context.Context) error {
	err := p.checksIn(ctx)
	var no refusal
	if errors.As(err, &no) && no.status == http.StatusConflict {
		return errors.Join(p.checksOut(ctx), p.checksIn(ctx))
	}
	return err
}

// checksIn begins the shift.
func (p *phone) checksIn(ctx context.Context) error {
	p.tracking.Lock()
	defer p.tracking.Unlock()
	key := uuid.Must(uuid.NewV7())
	got, err := p.api.CheckInWithResponse(ctx, &api.CheckInParams{IdempotencyKey: key}, api.CheckIn{Uniform: api.UniformWordYes, WorkCard: api.AnswerYes})
	if err != nil {
		return err
	}
	if got.JSON201 == nil {
		return refused(p.number+" checks in", got)
	}
	p.setOnDuty(true)
	return nil
}

// checksOut ends it.
func (p *phone) checksOut(ctx context.Context) error {
	p.tracking.Lock()
	defer p.tracking.Unlock()
	got, err := p.api.CheckOutWithResponse(ctx, &api.CheckOutParams{IdempotencyKey: uuid.Must(uuid.NewV7())}, api.CheckOut{})
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return refused(p.number+" checks out", got)
	}
	p.setOnDuty(false)
	return nil
}

// sendsOffDuty sends points that were captured off duty, and notes what became of them.
func (p *phone) sendsOffDuty(ctx context.Context, points []api.PositionPoint) error {
	p.tracking.Lock()
	defer p.tracking.Unlock()
	sent := p.wall()
	got, err := p.api.SendPositionsWithResponse(ctx, api.PositionBatch{SentAt: &sent, Points: points})
	if err != nil {
		return err
	}
	o := OffDuty{Phone: p.number, Status: got.StatusCode()}
	if got.JSON200 != nil {
		o.Kept = got.JSON200.Accepted
	}
	p.evidence.offDuty(o)
	return nil
}
