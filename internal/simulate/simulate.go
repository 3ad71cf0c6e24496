package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dutybound/dutybound/api"
)

// Config is a simulation.
type Config struct {
	Server string        // where it answers
	Phones int           // at least 6
	Speed  float64       // simulated seconds a second
	Seed   uint64        // the same seed plays the same script
	For    time.Duration // simulated

	Dir       string        // an empty folder, for the outboxes of the phones
	Staff     Staff         // offices of the demo
	Crew      []Account     // two officers and two auxiliaries of the demo: the first phones
	Admin     Admin         // asked when there are more phones than these
	Hasten    bool          // let the law measure in simulated time; only on a server that nobody else uses
	LeadSweep time.Duration // how often the server looks at leads. [2 s]
	Repeat    time.Duration // how long the server leaves an alarm unanswered before it repeats it. [30 s]
	Progress  io.Writer     // a line a second; nil: none
}

// city is a simulation that runs.
type city struct {
	config                     Config
	pace                       pace
	meter                      *meter
	evidence                   Evidence
	personnel, viewer, auditor desk
	head                       *phone   // of the station, at a desk
	phones                     []*phone // guarded by mu while the city plays: some are stolen
	all, wall                  *watcher
	follows                    func(*phone)  // has a phone say where it is
	grace                      time.Duration // for which the law lets a check go unanswered
	points, pointsRefused      atomic.Int64
	stage                      atomic.Value // a word for the progress

	mu     sync.Mutex
	scenes map[deed]int
	broken []string
}

// Run plays a simulation and holds the server to it. The error is one of the simulation itself; what the server did wrong is in the report.
func Run(ctx context.Context, config Config) (*Report, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	config.LeadSweep, config.Repeat = cmp.Or(config.LeadSweep, 2*time.Second), cmp.Or(config.Repeat, 30*time.Second)
	base := &http.Transport{
		MaxIdleConns: config.Phones * 2, MaxIdleConnsPerHost: config.Phones * 2, IdleConnTimeout: time.Minute,
		DialContext: (&net.Dialer{Timeout: patience}).DialContext,
	}
	defer base.CloseIdleConnections()
	c := &city{config: config, meter: newMeter(base), scenes: map[deed]int{}}
	c.stage.Store("people")
	c.pace = pace{config.Speed, time.Now()}
	stop := c.tell(ctx)
	defer stop()
	return c.run(ctx)
}

func (c Config) check() error {
	switch {
	case c.Phones < smallest:
		return fmt.Errorf("--phones: needs to be %d at the least, is %d", smallest, c.Phones)
	case c.Phones > most:
		return fmt.Errorf("--phones: needs to be %d at the most, for a server lets no more sign in from one address; is %d", most, c.Phones)
	case c.Speed <= 0 || c.For <= 0:
		return errors.New("--speed and --for need to be more than nothing")
	}
	return nil
}

// most can sign in from one address in ten minutes, with some room for the offices, and for those who need a new phone.
const most = 450

func (c *city) run(ctx context.Context) (report *Report, err error) {
	if err := c.populates(ctx); err != nil {
		return nil, err
	}
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	if err := c.begins(ctx, watching); err != nil {
		return nil, err
	}
	c.stage.Store("playing")
	c.pace.began = time.Now()
	before := c.meter.took.counts()
	c.plays(ctx)
	played := time.Since(c.pace.began)
	during := c.meter.took.counts().since(before)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	c.stage.Store("checking")
	record, err := c.audit(ctx)
	unwatch()
	if err != nil {
		return nil, err
	}
	report = c.report(played, during, Check(&c.evidence, record), record)
	return report, c.leaves(ctx)
}

// populates makes sure that there are people and phones.
func (c *city) populates(ctx context.Context) error {
	if err := c.opens(ctx); err != nil {
		return err
	}
	if err := c.legislates(ctx); err != nil {
		return err
	}
	accounts, err := c.recruit(ctx)
	if err != nil {
		return err
	}
	c.stage.Store("phones")
	for i := range accounts {
		c.phones = append(c.phones, &phone{city: c, index: i})
	}
	return each(ctx, c.phones, func(ctx context.Context, p *phone) error { return c.issues(ctx, p, accounts[p.index]) })
}

// begins has everybody check in, and the feeds begin.
func (c *city) begins(ctx, watching context.Context) error {
	c.stage.Store("check-in")
	c.all = watch(watching, c.auditor.api, c.config.Server, api.FeedWishScopeOrgan, Stream{Who: "the auditor's feed", Path: over(c.auditor)})
	c.wall = watch(watching, c.viewer.api, c.config.Server, api.FeedWishScopeOrgan, Stream{Who: "the wall's feed", Path: over(c.viewer)})
	if err := errors.Join(c.all.joins(ctx), c.wall.joins(ctx)); err != nil {
		return err
	}
	err := each(ctx, c.phones, func(ctx context.Context, p *phone) error {
		if err := errors.Join(p.arrives(ctx), p.syncs(ctx)); err != nil {
			return err
		}
		p.place.mu.Lock()
		p.place.online = true
		p.place.mu.Unlock()
		if p.index%3 != 0 {
			return nil
		}
		p.feed = watch(watching, p.api, c.config.Server, api.FeedWishScopeMine, Stream{Who: "the feed of " + p.number, Person: p.person})
		return p.feed.joins(ctx)
	})
	if err != nil {
		return err
	}
	grace, err := c.measure(ctx, "check_grace_s", 120)
	c.grace = time.Duration(grace) * time.Second
	return err
}

// over is the subtree that an office sees.
func over(d desk) string {
	for _, g := range d.me.Grants {
		return g.Path
	}
	return d.me.Person.Organ.Path
}

// plays lets every crew play, and all phones say where they are, until the time is over.
func (c *city) plays(ctx context.Context) {
	following, stop := context.WithCancel(ctx)
	var tracks, playing sync.WaitGroup
	crews := c.crews()
	c.follows = func(p *phone) { tracks.Go(func() { p.follow(following) }) }
	for _, p := range c.phones {
		c.follows(p)
	}
	for _, w := range []*watcher{c.all, c.wall} {
		tracks.Go(func() { c.breaks(following, w) })
	}
	for _, of := range crews {
		for _, l := range lanes {
			if len(of.members[l]) > 0 {
				playing.Go(func() { of.plays(ctx, l) })
			}
		}
	}
	playing.Wait()
	stop()
	tracks.Wait()
}

// breaks cuts a feed off again and again.
func (c *city) breaks(ctx context.Context, w *watcher) {
	for c.pace.pass(ctx, 3*time.Minute) == nil {
		w.drop()
	}
}

func (c *city) played(d deed, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scenes[d]++
	if err != nil {
		c.broken = append(c.broken, fmt.Sprintf("%s: %v", d, err))
	}
}

// leaves ends every shift and session, so that the server is left as it was found.
func (c *city) leaves(ctx context.Context) error {
	return each(ctx, c.phones, func(ctx context.Context, p *phone) error {
		err := p.checksOut(ctx)
		_, out := p.api.SignOutWithResponse(ctx)
		return errors.Join(err, out, p.box.Close())
	})
}

// each does something with all phones, a few at a time, and stops at the first error.
func each(ctx context.Context, phones []*phone, do func(context.Context, *phone) error) error {
	const atATime = 8
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	next := make(chan *phone)
	for range atATime {
		all.Go(func() {
			for p := range next {
				if err := do(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, p := range phones {
		if ctx.Err() == nil {
			next <- p
		}
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}
