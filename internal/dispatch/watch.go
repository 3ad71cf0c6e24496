package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Watching is what the watch over leads reads and keeps. None of it is locked: whatever has changed is looked at again, under lock.
type Watching interface {
	// Watched lists the tasks at work that somebody leads, each with its version, and tells the time of the database.
	Watched(ctx context.Context) (now time.Time, list []Watched, err error)
	// Watch reads some of those tasks with the words about the presence of their officers.
	Watch(ctx context.Context, tasks []uuid.UUID) ([]WatchedTask, error)
	// Seen lists everybody whose position or shift has changed since a moment (all on duty for the zero time). Whoever has no shift is off
	// duty.
	Seen(ctx context.Context, since time.Time) ([]accompany.Person, error)
	// Measures answers the law of organs, of which the watch uses the measures.
	Measures(ctx context.Context) (func(duty.Path) duty.Law, error)
	// KeepGood keeps until when leads have been seen to be there, of officers who lead still.
	KeepGood(ctx context.Context, good map[uuid.UUID]Good) error
}

// Good is until when an officer's lead of a task has been seen to be there.
type Good struct {
	Officer uuid.UUID
	Until   time.Time
}

// Watched is a task at work that somebody leads.
type Watched struct {
	Task    uuid.UUID
	Version int
}

// WatchedTask is one with what has been said of its officers' presence.
type WatchedTask struct {
	Task  Task
	Words []duty.Observation
	Good  time.Time
}

// Watch looks at every lead again and again, so that one is doubtful and lost on time though nobody moves and nobody reports.
type Watch struct {
	store  Watching
	attend func(ctx context.Context, task uuid.UUID) error
	books  Books
	log    *slog.Logger

	mu    sync.Mutex // one sweep at a time
	pairs map[uuid.UUID]*pair
	seen  map[uuid.UUID]accompany.Person
	since time.Time // sightings up to here are in seen
}

// pair is a lead with those led, as the watch holds it between two sweeps.
type pair struct {
	version int
	lead    *accompany.Lead
	scene   accompany.Scene // but for the moment, and where everybody is
	path    duty.Path
	acts    []string
	kept    time.Time // until when the store knows the lead to be good
}

// NewWatch makes a watch over the leads of a service.
func NewWatch(store Watching, s *Service, log *slog.Logger) *Watch {
	return &Watch{
		store: store, attend: s.Attend, books: s.books, log: log, pairs: map[uuid.UUID]*pair{}, seen: map[uuid.UUID]accompany.Person{},
	}
}

// Run sweeps until the context ends. After a sweep that failed the next one reads everything again.
func (w *Watch) Run(ctx context.Context, every time.Duration) {
	duty.Rounds{What: "watch over leads", Every: every, Log: w.log}.Run(ctx, func(ctx context.Context) error {
		err := w.Sweep(ctx)
		if err != nil {
			w.forget()
		}
		return err
	})
}

func (w *Watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pairs, w.seen, w.since = map[uuid.UUID]*pair{}, map[uuid.UUID]accompany.Person{}, time.Time{}
}

// Sweep looks at every lead once, and has those attended to that are not what they were.
func (w *Watch) Sweep(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, err := w.load(ctx)
	if err != nil {
		return err
	}
	measures, err := w.store.Measures(ctx)
	if err != nil {
		return err
	}
	changed, good, failed := w.look(now, measures)
	if len(good) > 0 {
		if err := w.store.KeepGood(ctx, good); err != nil {
			return err
		}
	}
	for _, task := range changed { // one that cannot be written keeps no other from being told
		failed = errors.Join(failed, w.attend(ctx, task))
	}
	return failed
}

// look evaluates every pair. It answers the tasks whose lead has changed, and until when others are good that the store does not know.
func (w *Watch) look(now time.Time, measures func(duty.Path) duty.Law) (changed []uuid.UUID, good map[uuid.UUID]Good, failed error) {
	good = map[uuid.UUID]Good{}
	laws := map[duty.Path]lawBook{}
	for task, p := range w.pairs {
		of, known := laws[p.path]
		if !known {
			var err error
			of.law = measures(p.path)
			if of.book, err = w.books(of.law); err != nil {
				of.book, failed = nil, errors.Join(failed, err)
			}
			laws[p.path] = of
		}
		if of.book == nil { // one organ's law that cannot be read leaves no other organ unwatched
			continue
		}
		p.scene.Now, p.scene.Limits, p.scene.MustBeLed = now, LimitsOf(of.law, p.acts), of.book.Led(p.acts)
		is, changes := p.lead.Look(w.place(p.scene))
		if len(changes) > 0 {
			changed = append(changed, task)
			continue
		}
		p.lead = is
		if is.Good.Sub(p.kept) > p.scene.Limits.Fresh/3 {
			good[task], p.kept = Good{is.Officer, is.Good}, is.Good
		}
	}
	slices.SortFunc(changed, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return changed, good, failed
}

// lawBook is the law of an organ with its book.
type lawBook struct {
	law  duty.Law
	book Book
}

// place puts everybody where they were last seen.
func (w *Watch) place(s accompany.Scene) accompany.Scene {
	at := func(p accompany.Person) accompany.Person {
		seen := w.seen[p.ID]
		seen.ID, seen.Word = p.ID, p.Word
		return seen
	}
	s.Officer = at(s.Officer)
	led := make([]accompany.Person, len(s.Led))
	for i, p := range s.Led {
		led[i] = at(p)
	}
	s.Led = led
	return s
}

// load brings what the watch holds up to date: tasks that are new or have changed, and who has been seen since.
func (w *Watch) load(ctx context.Context) (now time.Time, err error) {
	now, list, err := w.store.Watched(ctx)
	if err != nil {
		return now, err
	}
	var stale []uuid.UUID
	held := make(map[uuid.UUID]*pair, len(list))
	for _, t := range list {
		if p := w.pairs[t.Task]; p != nil && p.version == t.Version {
			held[t.Task] = p
		} else {
			stale = append(stale, t.Task)
		}
	}
	w.pairs = held
	for part := range slices.Chunk(stale, 500) {
		tasks, err := w.store.Watch(ctx, part)
		if err != nil {
			return now, err
		}
		for _, t := range tasks {
			w.pairs[t.Task.ID] = t.pair()
		}
	}
	return now, w.sight(ctx, now)
}

// overlap is how far back sightings are read again: one that was written before may have been committed after.
const overlap = 30 * time.Second

func (w *Watch) sight(ctx context.Context, now time.Time) error {
	seen, err := w.store.Seen(ctx, w.since)
	if err != nil {
		return err
	}
	for _, p := range seen {
		if p.Shift == nil { // off duty
			delete(w.seen, p.ID)
			continue
		}
		w.seen[p.ID] = p
	}
	w.since = now.Add(-overlap)
	return nil
}

func (t WatchedTask) pair() *pair {
	words := statements(t.Words).fromTheScene(&t.Task)
	lead := t.Task.Accompaniment
	if t.Good.After(lead.Good) {
		seen := *lead
		seen.Good, lead = t.Good, &seen
	}
	p := &pair{
		version: t.Task.Version, lead: lead, path: t.Task.Organ.Path, acts: t.Task.Acts, kept: lead.Good,
		scene: accompany.Scene{Working: true, Officer: heard(words, lead.Officer, lead.Officer)},
	}
	for _, m := range t.Task.working() {
		p.scene.Led = append(p.scene.Led, heard(words, m.Person, lead.Officer))
	}
	return p
}

// heard is somebody with what they last said of an officer's presence.
func heard(words statements, person, officer uuid.UUID) accompany.Person {
	p := accompany.Person{ID: person}
	if o := words.own(officer, factPresence, person); o != nil {
		p.Word = &accompany.Word{Says: read[law.Presence](o), At: o.ReceivedAt}
	}
	return p
}
