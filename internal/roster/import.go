package roster

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

func fileFault(zh, en string) error { return fault.New(fault.Invalid, "unreadable_file", zh, en) }

// MaxProblems are told of one file; nobody mends more in one go.
const MaxProblems = 1000

// Report is what came of a file, or would come of it.
type Report struct {
	Rows      int         `json:"rows"`
	Added     int         `json:"added"`
	Changed   int         `json:"changed"`
	Unchanged int         `json:"unchanged"`
	Wrong     int         `json:"wrong"` // problems found; when there is one, nothing was imported
	Problems  []Problem   `json:"problems"`
	Over      []Headcount `json:"over"` // quotas exceeded (Art. 7)
}

func (r *Report) count(v verdict) {
	switch v {
	case added:
		r.Added++
	case changed:
		r.Changed++
	default:
		r.Unchanged++
	}
}

// Progress is how far the work on a file is.
type Progress struct {
	Phase string // reading, comparing, writing
	Done  int
	Total int
}

// File is a file of people to be imported.
type File struct {
	Content []byte
	Dry     bool           // only say what would come of it
	ID      uuid.UUID      // of the import it came with; zero: brought by hand
	Told    func(Progress) // may be nil
}

func (f File) tell(phase string, done, total int) {
	if f.Told != nil && (done%1000 == 0 || done == total) {
		f.Told(Progress{phase, done, total})
	}
}

// Import brings the people of a file onto the roster, all of them or nobody: one bad row stops it, and each is in the report. The
// error is for a file that cannot be read at all.
func (s *Service) Import(ctx context.Context, actor duty.Actor, f File) (Report, error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return Report{}, err
	}
	entries, report, err := s.read(ctx, actor, f)
	if err != nil || report.Wrong > 0 {
		return report, err
	}
	lines, numbers := make([]int, len(entries)), make([]string, len(entries))
	for i, e := range entries {
		lines[i], numbers[i] = e.line, e.Number
	}
	of := Selection{Numbers: numbers, Told: func(done, total int) { f.tell("writing", done, total) }}
	err = s.store.Change(ctx, actor, of, func(scene Scene) (Changes, error) {
		if bad := foreign(scene, entries); len(bad) > 0 {
			report.Wrong, report.Problems = len(bad), bad[:min(len(bad), MaxProblems)]
			return Changes{}, nil
		}
		c := s.changing(scene, actor, "import")
		for i, e := range entries {
			report.count(c.enter(e.Entry))
			f.tell("comparing", i+1, len(entries))
		}
		report.Over = c.over()
		if f.Dry {
			return Changes{}, c.err
		}
		if f.ID != uuid.Nil {
			c.out.Import = &Ended{f.ID, ImportDone, report}
		}
		return c.out, c.err
	})
	return report, err
}

// placed is an entry with the line it stands on.
type placed struct {
	Entry
	line int
}

func (s *Service) read(ctx context.Context, actor duty.Actor, f File) (entries []placed, report Report, err error) {
	rows, bad, err := readTable(f.Content)
	if err != nil {
		return nil, report, err
	}
	directory, err := s.store.Directory(ctx, actor)
	if err != nil {
		return nil, report, err
	}
	r := reading{Directory: directory, seen: make(map[string]int, len(rows)), bad: bad}
	entries = make([]placed, len(rows))
	for i, row := range rows {
		entries[i] = placed{r.entry(row), row.line}
		f.tell("reading", i+1, len(rows))
	}
	slices.SortStableFunc(r.bad, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	report.Rows, report.Wrong, report.Problems = len(rows), len(r.bad), r.bad[:min(len(r.bad), MaxProblems)]
	return entries, report, nil
}

// foreign are the rows whose number somebody has whom the actor cannot see.
func foreign(scene Scene, entries []placed) (bad []Problem) {
	for _, e := range entries {
		if scene.Foreign[e.Number] {
			bad = append(bad, Problem{Line: e.line, Column: "number", Value: e.Number, Message: numberTaken})
		}
	}
	return bad
}

// The states of an import.
const (
	ImportWaiting = "waiting"
	ImportRunning = "running"
	ImportDone    = "done"    // it was imported, or was a dry run without a problem
	ImportRefused = "refused" // the report says why, and nothing was imported
	ImportFailed  = "failed"  // our own failure; nothing was imported
)

// ImportJob is a file on its way onto the roster.
type ImportJob struct {
	ID        uuid.UUID
	Path      duty.Path // of the organ of whoever brought it
	Actor     uuid.UUID
	Dry       bool
	Hash      [32]byte
	State     string
	Progress  Progress
	Report    *Report // once it has ended
	CreatedAt time.Time
	EndedAt   *time.Time
}

// StartImport takes a file in; the work is done soon, in the background. The import's id follows from the command, so that a retry
// finds the same one; a command that was used for another file is fault.Mismatch.
func (s *Service) StartImport(ctx context.Context, actor duty.Actor, cmd duty.Command, f File) (ImportJob, error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return ImportJob{}, err
	}
	if len(f.Content) > MaxFile {
		return ImportJob{}, fileFault("文件过大", "the file is too large")
	}
	job := ImportJob{
		ID: uuid.NewSHA1(actor.Device, cmd.ID[:]), Path: actor.Organ.Path, Actor: actor.Person, Dry: f.Dry, Hash: sha256.Sum256(f.Content),
	}
	stored, err := s.store.AddImport(ctx, actor, job, f.Content)
	if err != nil {
		return ImportJob{}, err
	}
	if stored.Hash != job.Hash || stored.Dry != job.Dry {
		return ImportJob{}, fault.New(fault.Mismatch, "command_mismatch", "该编号已用于其他请求", "this id was used before for something else")
	}
	s.wake()
	return stored, nil
}

// ImportJob shows an import to whoever brought it, and to those who manage the roster of the organ it came from.
func (s *Service) ImportJob(ctx context.Context, actor duty.Actor, id uuid.UUID) (ImportJob, error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return ImportJob{}, err
	}
	job, err := s.store.ImportJob(ctx, actor, id)
	if err != nil {
		return ImportJob{}, err
	}
	if job.Actor == actor.Person || actor.Can(duty.ManageRoster, duty.Target{Path: job.Path}) {
		return job, nil
	}
	return ImportJob{}, fault.Missing("import")
}

// Ended is how the work on an import ended.
type Ended struct {
	ID     uuid.UUID
	State  string
	Report Report
}

// RunImports works off the files that were taken in, one after the other, until the context ends.
func (s *Service) RunImports(ctx context.Context) {
	duty.Rounds{What: "roster: looking for imports", Every: importPoll, Woken: s.imports, Log: s.log}.Run(ctx, s.takeImports)
}

const importPoll = time.Second

func (s *Service) wake() {
	select {
	case s.imports <- struct{}{}:
	default:
	}
}

// takeImports does what has been taken in, each with what its actor may do now.
func (s *Service) takeImports(ctx context.Context) error {
	for {
		job, actor, content, err := s.store.TakeImport(ctx)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			return nil
		case err != nil:
			return err
		}
		ended := s.carryOut(ctx, actor, job, content)
		if ctx.Err() != nil {
			return nil // broken off: another takes it over
		}
		if err := s.store.EndImport(ctx, ended); err != nil {
			s.log.ErrorContext(ctx, "roster: ending an import", "import", job.ID, "error", err)
		}
	}
}

func (s *Service) carryOut(ctx context.Context, actor duty.Actor, job ImportJob, content []byte) Ended {
	said := time.Time{}
	report, err := s.Import(ctx, actor, File{Content: content, Dry: job.Dry, ID: job.ID, Told: func(p Progress) {
		if now := time.Now(); now.Sub(said) > progressEvery {
			said = now
			s.store.TellImport(ctx, job.ID, p)
		}
	}})
	ended := Ended{ID: job.ID, State: ImportDone, Report: report}
	switch {
	case err != nil && fault.KindOf(err) != fault.Internal && fault.KindOf(err) != fault.Unavailable:
		ended.State, ended.Report.Wrong, ended.Report.Problems = ImportRefused, 1, []Problem{wholeFile(err)}
	case err != nil:
		if ctx.Err() == nil {
			s.log.ErrorContext(ctx, "roster: import", "import", job.ID, "error", err)
		}
		ended.State = ImportFailed
	case report.Wrong > 0:
		ended.State = ImportRefused
	}
	return ended
}

const progressEvery = 500 * time.Millisecond

// wholeFile is a problem of no line.
func wholeFile(err error) Problem {
	var what *fault.Error
	errors.As(err, &what) // asked only of errors with a kind
	return Problem{Message: law.Text{ZH: what.ZH, EN: what.EN}}
}
