package ledger

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Source is the ledger as it is stored.
type Source interface {
	// LedgerSize is the number of events the stored head counts.
	LedgerSize(ctx context.Context) (int64, error)
	// Recorded reads at most limit numbered events after a seq, in order of seq.
	Recorded(ctx context.Context, after int64, limit int) ([]Recorded, error)
	// Documents reads at most limit tasks after an id, in order of id.
	Documents(ctx context.Context, after uuid.UUID, limit int) ([]Document, error)
	// Hashes reads at most limit stored hashes from an index on, in order of index.
	Hashes(ctx context.Context, from int64, limit int) ([]StoredHash, error)
	// SignedHeads reads every signed head, oldest first.
	SignedHeads(ctx context.Context) ([]string, error)
}

// Recorded is an event with the digest of the records found beside it now (Event.Evidence is what it was written with).
type Recorded struct {
	Event
	Found []byte
}

// Document is a task as it is kept, beside the newest event that speaks of it.
type Document struct {
	Task    uuid.UUID
	Version int
	Found   []byte // digest of it now; nil when it cannot be read
	Newest  int    // version of the newest event
	Left    []byte // digest that the event was written with; nil when it is older than digests
}

// StoredHash is one hash of the tree.
type StoredHash struct {
	Index int64
	Hash  tlog.Hash
}

// Report is what Verify found. The ledger is sound when there are no problems.
type Report struct {
	Size     int64
	Root     tlog.Hash
	Heads    int // signed heads and anchors that were checked
	Problems []Problem
}

// Problem is one place where the record is not what it was. Seq is 0 when it concerns no single event.
type Problem struct {
	Seq  int64
	What string
}

func (p Problem) String() string {
	if p.Seq == 0 {
		return p.What
	}
	return fmt.Sprintf("event %d: %s", p.Seq, p.What)
}

const (
	verifyPage  = 2000
	maxProblems = 100 // more would say no more
)

// Verify derives the whole ledger again from the events as they are stored: their numbers, each task's versions, the records beside
// them, every task as its newest event left it, every hash of the tree, and every signed head, those in the database as well as the
// anchors kept outside. An error means
// that it could not be read, never that it is not sound.
func Verify(ctx context.Context, from Source, key note.Verifier, anchors []string) (Report, error) {
	v := verification{versions: map[uuid.UUID]int{}, roots: map[int64]tlog.Hash{}}
	atLeast, err := from.LedgerSize(ctx)
	if err != nil {
		return Report{}, err
	}
	heads, err := from.SignedHeads(ctx)
	if err != nil {
		return Report{}, err
	}
	v.claims("signed head", heads, key)
	v.claims("anchor", anchors, key)
	if err := v.events(ctx, from); err != nil {
		return Report{}, err
	}
	if err := v.documents(ctx, from); err != nil {
		return Report{}, err
	}
	atMost, err := from.LedgerSize(ctx) // events are numbered while we read
	if err != nil {
		return Report{}, err
	}
	v.sizes(atLeast, atMost)
	v.heads()
	return v.report, nil
}

type verification struct {
	tree     Tree
	versions map[uuid.UUID]int
	claimed  []claim
	roots    map[int64]tlog.Hash // at the sizes that were claimed
	stored   storedHashes
	report   Report
}

// claim is a head that somebody signed.
type claim struct {
	what string
	Head
}

func (v *verification) problem(seq int64, format string, args ...any) {
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, Problem{seq, fmt.Sprintf(format, args...)})
	}
}

func (v *verification) claims(what string, signed []string, key note.Verifier) {
	for i, text := range signed {
		head, err := OpenHead(text, key)
		if err != nil {
			v.problem(0, "%s %d: %v", what, i+1, err)
			continue
		}
		v.claimed = append(v.claimed, claim{what, head})
		v.roots[head.Size] = tlog.Hash{}
	}
	v.report.Heads = len(v.claimed)
}

func (v *verification) events(ctx context.Context, from Source) error {
	v.stored.from = from
	for after := int64(0); ; {
		page, err := from.Recorded(ctx, after, verifyPage)
		if err != nil {
			return err
		}
		for i := range page {
			if err := v.event(ctx, &page[i]); err != nil {
				return err
			}
			after = page[i].Seq
		}
		if len(page) < verifyPage {
			return nil
		}
	}
}

func (v *verification) event(ctx context.Context, e *Recorded) error {
	if want := v.tree.Size() + 1; e.Seq != want {
		v.problem(e.Seq, "number %d was expected here: an event was removed or slipped in", want)
	}
	if !bytes.Equal(e.Evidence, e.Found) {
		v.problem(e.Seq, "the rulings or observations beside it are not those it was written with")
	}
	v.version(&e.Event)
	first := tlog.StoredHashIndex(0, v.tree.Size())
	for i, hash := range v.tree.Add(e.Leaf()) {
		stored, err := v.stored.at(ctx, first+int64(i))
		if err != nil {
			return err
		}
		if stored == nil || *stored != hash {
			v.problem(e.Seq, "does not give the hash that was stored for it (index %d)", first+int64(i))
		}
	}
	if _, asked := v.roots[v.tree.Size()]; asked {
		v.roots[v.tree.Size()] = v.tree.Root()
	}
	return nil
}

func (v *verification) version(e *Event) {
	if e.Task == nil {
		return
	}
	if want := v.versions[*e.Task] + 1; e.Version != want {
		v.problem(e.Seq, "is version %d of its task where %d was expected", e.Version, want)
	}
	v.versions[*e.Task] = e.Version
}

func (v *verification) documents(ctx context.Context, from Source) error {
	gone := maps.Clone(v.versions)
	for after, more := uuid.Nil, true; more; {
		page, err := from.Documents(ctx, after, verifyPage)
		if err != nil {
			return err
		}
		for i := range page {
			v.document(&page[i])
			after = page[i].Task
			delete(gone, after)
		}
		more = len(page) == verifyPage
	}
	for task := range gone {
		v.problem(0, "task %s was removed", task)
	}
	return nil
}

func (v *verification) document(d *Document) {
	switch {
	case d.Version != d.Newest:
		v.problem(0, "task %s is version %d, and its newest event %d", d.Task, d.Version, d.Newest)
	case d.Left != nil && !bytes.Equal(d.Left, d.Found):
		v.problem(0, "task %s is not as its newest event left it", d.Task)
	}
}

func (v *verification) sizes(atLeast, atMost int64) {
	size := v.tree.Size()
	v.report.Size, v.report.Root = size, v.tree.Root()
	if size < atLeast {
		v.problem(0, "the stored head counts %d events, there are %d: events were removed", atLeast, size)
	}
	if size > atMost {
		v.problem(0, "the stored head counts %d events, there are %d: the head was turned back", atMost, size)
	}
}

// heads checks what was signed against the events as they are.
func (v *verification) heads() {
	for _, c := range v.claimed {
		when := c.At.Format(time.RFC3339)
		switch {
		case c.Size > v.tree.Size():
			v.problem(0, "%s of %s counts %d events, there are %d: events were removed", c.what, when, c.Size, v.tree.Size())
		case v.roots[c.Size] != c.Root:
			v.problem(0, "%s of %s over %d events has another root: the record before it was changed", c.what, when, c.Size)
		}
	}
}

// storedHashes reads the stored hashes page by page, in the order they are asked for.
type storedHashes struct {
	from Source
	page []StoredHash
}

// at is nil when no hash is stored at the index.
func (s *storedHashes) at(ctx context.Context, index int64) (*tlog.Hash, error) {
	if len(s.page) == 0 || s.page[len(s.page)-1].Index < index {
		page, err := s.from.Hashes(ctx, index, 2*verifyPage)
		if err != nil {
			return nil, err
		}
		s.page = page
	}
	i, found := slices.BinarySearchFunc(s.page, index, func(h StoredHash, index int64) int { return int(h.Index - index) })
	if !found {
		return nil, nil
	}
	return &s.page[i].Hash, nil
}
