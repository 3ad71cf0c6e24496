package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

const (
	lease       = 30 * time.Second // longer than carrying out one record takes
	atOnce      = 50               // records read at a time
	mostTries   = 10               // of a record that we fail to carry out; then the next ones go on without it
	firstRetry  = 500 * time.Millisecond
	waitForTurn = 20 * time.Millisecond
	// answerWithin is what an upload leaves of its deadline for the answer.
	answerWithin = 2 * time.Second
	longestApply = 5 * time.Second
)

// applyNow applies what can be for as long as the upload can wait; the rest is left to the sweep.
func (s *Service) applyNow(ctx context.Context, device uuid.UUID) {
	until := time.Now().Add(longestApply)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-answerWithin).Before(until) {
		until = deadline.Add(-answerWithin)
	}
	holder := s.newID()
	for time.Now().Before(until) {
		mine, err := s.store.ClaimOutbox(ctx, device, holder, lease)
		switch {
		case err != nil:
			s.log.WarnContext(ctx, "outbox", "device", device, "error", err)
			return
		case mine:
			s.drain(ctx, device, holder, until)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(waitForTurn):
		}
	}
	s.kick()
}

func (s *Service) kick() {
	select {
	case s.kicked <- struct{}{}:
	default:
	}
}

// drain applies what is due of a device whose lease the holder has, and gives the lease back. What fails is due again later.
func (s *Service) drain(ctx context.Context, device, holder uuid.UUID, until time.Time) {
	d := drain{Service: s, device: device, holder: holder, until: until}
	due, err := d.run(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "outbox", "device", device, "error", err)
	}
	if d.now.IsZero() {
		return // nothing could be read: what was due is due still, once the lease has ended by itself
	}
	if d.lost {
		due = &d.now
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	if err := s.store.ReleaseOutbox(ctx, device, holder, d.arrivals, due); err != nil {
		s.log.WarnContext(ctx, "outbox", "device", device, "error", err) // the lease ends by itself
	}
	if due != nil && !due.After(d.now) {
		s.kick()
	}
}

// drain is one holder at work on a device.
type drain struct {
	*Service
	device, holder uuid.UUID
	until          time.Time
	now            time.Time // of the database
	arrivals       int64
	lost           bool // the lease
	revoked        bool // the device, since its records were read
	last           *Reckoned
}

// run works until nothing is due, and says when something will be: soon again after an error, for nobody else would come for what is left.
func (d *drain) run(ctx context.Context) (due *time.Time, err error) {
	soon := func() *time.Time { at := d.now.Add(firstRetry); return &at }
	for {
		w, err := d.store.NextRecords(ctx, d.device, atOnce)
		if err != nil {
			return soon(), err
		}
		d.now, d.arrivals, d.revoked = w.Now, w.Arrivals, false
		if w.Signer.RevokedAt != nil && w.toIsolate() {
			if err := d.store.IsolateRecords(ctx, d.device, d.quarantined(w.Signer)); err != nil {
				return soon(), err
			}
			continue
		}
		ready, due := w.Ready(d.hold)
		if err := d.tell(ctx, w); err != nil {
			return soon(), err
		}
		if len(ready) == 0 {
			return due, nil
		}
		for _, todo := range ready {
			if time.Now().After(d.until) {
				return &d.now, nil
			}
			again, err := d.apply(ctx, w, todo)
			if err != nil && again == nil {
				again = soon()
			}
			if again != nil || d.lost { // lost: somebody else goes on
				return again, err
			}
			if d.revoked {
				break
			}
		}
		if !d.revoked && len(ready) == len(w.Records) && len(ready) < atOnce {
			return due, nil // what comes meanwhile is due when the lease is given back
		}
	}
}

func (s *Service) quarantined(of Signer) func(n int, at time.Time) (ledger.Event, error) {
	return func(n int, at time.Time) (ledger.Event, error) { return quarantinedEvent(of, n, at, s.newID()) }
}

// tell has the gaps told that have lasted too long.
func (d *drain) tell(ctx context.Context, w Work) error {
	for _, m := range w.Missing {
		if !m.Since.Add(d.hold).After(w.Now) && !m.Told {
			return d.store.TellGaps(ctx, d.device, d.hold, func(f Finding, at time.Time) (ledger.Event, error) {
				return eventOf("outbox.finding", f, at, d.newID())
			})
		}
	}
	return nil
}

// toIsolate says whether something of a revoked device waits to be applied that nobody has released.
func (w *Work) toIsolate() bool {
	for _, r := range w.Records {
		if !r.Released {
			return true
		}
	}
	return false
}

// Ready is what can be applied now, in order: what follows on what was applied, what comes late, and what has waited long enough for
// those before it. Due says when there will be more to do; nil: when something comes.
func (w *Work) Ready(hold time.Duration) (ready []Todo, due *time.Time) {
	at := func(t time.Time) {
		if due == nil || t.Before(*due) {
			due = &t
		}
	}
	for _, m := range w.Missing {
		if !m.Told {
			at(m.Since.Add(hold))
		}
	}
	through := w.Through
	for _, r := range w.Records {
		if until := w.held(r, through, hold); until.After(w.Now) {
			at(until)
			break
		}
		through = r.passing(through)
		ready = append(ready, r)
	}
	return ready, due
}

// passing is how far the records have come with this one. A call for help goes ahead of the others, which go on from where they were.
func (t *Todo) passing(through int64) int64 {
	if t.Help {
		return through
	}
	return max(through, t.N)
}

// held is until when a record waits for those missing before it.
func (w *Work) held(r Todo, through int64, hold time.Duration) (until time.Time) {
	if r.Released || r.Help || r.N <= through+1 {
		return until
	}
	for _, m := range w.Missing {
		if m.First < r.N && m.Last > through {
			until = later(until, m.Since.Add(hold))
		}
	}
	return until
}

// apply carries one record out and writes what became of it. Again says when to try once more. One that can no longer be read, as it
// could be when it was taken in, is not tried again; of one that was given up the next ones wait no longer.
func (d *drain) apply(ctx context.Context, w Work, todo Todo) (again *time.Time, err error) {
	e, unreadable := open(todo.Signed)
	r := e.record
	made := d.reckon(r, todo)
	answer, failed := Answer{}, unreadable
	if failed == nil {
		answer, failed = d.carry(ctx, w, r, made)
	}
	s := Settled{Device: d.device, N: todo.N, Hash: todo.Hash, State: Applied, Made: made.Interval, Answer: &answer, Through: todo.passing(w.Through)}
	switch {
	case failed != nil && unreadable == nil && todo.Attempts < mostTries:
		s.State, s.Answer = Stored, nil
		at := d.now.Add(firstRetry << min(todo.Attempts, 6))
		again = &at
	case failed != nil:
		d.log.ErrorContext(ctx, "outbox: given up", "device", d.device, "n", todo.N, "error", failed)
		s.State, s.Answer = Refused, &Answer{Status: 500, Fault: errFailed}
		d.finding(&s, w.Signer, Finding{Kind: Failed, Key: Flaw{Kind: Failed, N: todo.N}.Key(), Hashes: []string{todo.Hash}})
	case !answer.Good():
		s.State = Refused
	}
	if off := SkewOf(r.Wall, made.Interval); again == nil && s.Found == nil && off != 0 {
		d.finding(&s, w.Signer, Finding{Kind: Skew, Key: string(Skew) + ":" + r.Boot, Hashes: []string{r.Hash}, Seconds: int64(off / time.Second)})
	}
	if err := d.settle(ctx, w.Signer.RevokedAt == nil, s); err != nil {
		return again, err
	}
	if again != nil {
		return again, failed
	}
	d.last = &made
	return nil, nil
}

var errFailed = fault.New(fault.Internal, "not_carried_out", "多次尝试后仍无法执行，记录已保存，待人工处理",
	"it could not be carried out, however often it was tried; the record is kept and somebody looks into it")

var errLeft = fault.New(fault.Forbidden, "person_left", "该人员已离队，记录已保存，不再执行", "the person has left; the record is kept and not carried out")

// reckon says when the record was made, from the nearest record before it.
func (d *drain) reckon(r Record, todo Todo) Reckoned {
	before := todo.Before
	if d.last != nil && d.last.N < todo.N && (before == nil || before.N < d.last.N) {
		before = d.last
	}
	made := Reckoned{N: todo.N, Boot: r.Boot, SinceBoot: r.SinceBoot, Server: r.Server}
	made.Interval = Reckon(made, before, todo.By)
	return made
}

// carry has the request carried out. An error means: again, later.
func (d *drain) carry(ctx context.Context, w Work, r Record, made Reckoned) (Answer, error) {
	if w.Actor == nil {
		return Answer{Status: 403, Fault: errLeft}, nil
	}
	answer, err := d.carrier.Carry(ctx, *w.Actor, Request{ID: r.ID, Path: r.Path, Body: r.Body, Made: made.Interval})
	if err != nil || answer.Good() {
		return answer, err
	}
	return answer, d.bearWitness(ctx, w.Actor.Person, r, made, answer)
}

// steps begin work.
var steps = map[string]string{"startTask": "start", "resumeTask": "resume"}

// bearWitness keeps that work began, where the phone says so and nothing lawful stands behind it. A request that was never well-formed,
// or for a task out of sight, says nothing of work.
func (d *drain) bearWitness(ctx context.Context, person uuid.UUID, r Record, made Reckoned, a Answer) error {
	step := steps[a.Operation]
	if step == "" || a.Target == nil || !a.byLaw() && !tooLate(a.Fault) {
		return nil
	}
	code := "refused_by_law"
	if a.Fault != nil {
		code = a.Fault.Code
	}
	return d.witness.StartedOffline(ctx, duty.OfflineStart{
		Record: r.ID, Task: *a.Target, Person: person, Device: d.device, Step: step, Happened: made.Interval, Wall: r.Wall, Ruling: a.Ruling, Code: code,
	})
}

// tooLate says whether a request was refused for what has become of its task or its person, and not for what it says.
func tooLate(why *fault.Error) bool {
	return why != nil && (why.Kind == fault.Conflict || why.Kind == fault.Forbidden)
}

func (d *drain) finding(s *Settled, of Signer, f Finding) {
	f.ID, f.Device, f.Person, f.Path, f.First, f.Last, f.OpenedAt, f.Open, f.Told = d.newID(), of.Device, of.Person, of.Path, s.N, s.N, d.now, true, true
	event, err := eventOf("outbox.finding", f, d.now, d.newID())
	if err != nil {
		d.log.Error("outbox", "error", err) // plain words and numbers: it never is
		return
	}
	s.Found, s.Event = &f, &event
}

func (d *drain) settle(ctx context.Context, inUse bool, s Settled) error {
	after, err := d.store.SettleRecord(ctx, d.holder, lease, s)
	d.lost, d.revoked = err == nil && !after.Mine, after.Revoked && inUse
	return err
}

// workers apply records of so many devices at once.
const workers = 4

// Run applies what is due: what uploads left, what has waited long enough, what a process that died had begun. Any number of replicas
// may run it.
func (s *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { duty.Rounds{What: "outbox", Every: s.pace(), Woken: s.kicked, Log: s.log}.Run(ctx, s.sweep) })
	}
	all.Wait()
}

// pace is how often to look when nobody says that there is something.
func (s *Service) pace() time.Duration {
	return max(50*time.Millisecond, min(s.hold/10, 5*time.Second))
}

// sweep takes one device after the other until nothing is due.
func (s *Service) sweep(ctx context.Context) error {
	for ctx.Err() == nil {
		holder := s.newID()
		devices, err := s.store.ClaimDueOutboxes(ctx, holder, lease, 1)
		if err != nil || len(devices) == 0 {
			return err
		}
		for _, device := range devices {
			s.drain(ctx, device, holder, time.Now().Add(lease/2))
		}
	}
	return nil
}
