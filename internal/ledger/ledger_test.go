package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/ledger"
)

func event(seq int64) ledger.Event {
	task := uuid.UUID{1}
	return ledger.Event{
		Seq: seq, ID: uuid.UUID{2, byte(seq)}, Kind: "task.started", Path: "5000/5001/", Task: &task, Version: int(seq),
		Actor: uuid.UUID{3}, At: time.UnixMicro(1_700_000_000_000_000 + seq), Body: json.RawMessage(`{"state":"started"}`),
	}
}

func TestEveryFieldOfAnEventChangesItsLeaf(t *testing.T) {
	t.Parallel()
	base := event(1)
	task := uuid.UUID{9}
	changes := map[string]func(*ledger.Event){
		"seq":      func(e *ledger.Event) { e.Seq++ },
		"id":       func(e *ledger.Event) { e.ID[0]++ },
		"kind":     func(e *ledger.Event) { e.Kind = "task.paused" },
		"path":     func(e *ledger.Event) { e.Path = "5000/" },
		"task":     func(e *ledger.Event) { e.Task = &task },
		"no task":  func(e *ledger.Event) { e.Task = nil },
		"version":  func(e *ledger.Event) { e.Version++ },
		"actor":    func(e *ledger.Event) { e.Actor[0]++ },
		"at":       func(e *ledger.Event) { e.At = e.At.Add(time.Microsecond) },
		"body":     func(e *ledger.Event) { e.Body = json.RawMessage(`{"state": "started"}`) },
		"evidence": func(e *ledger.Event) { e.Evidence = []byte{1} },
		"a field's end moved into the next": func(e *ledger.Event) {
			e.Kind, e.Path = e.Kind+"5", e.Path[1:]
		},
	}
	for name, change := range changes {
		changed := event(1)
		change(&changed)
		if string(changed.Leaf()) == string(base.Leaf()) {
			t.Errorf("%s: the leaf stayed the same", name)
		}
	}
}

func TestEvidenceKeepsRecordsApart(t *testing.T) {
	t.Parallel()
	digest := func(add func(*ledger.Evidence)) string {
		var e ledger.Evidence
		add(&e)
		return string(e.Digest())
	}
	if got := digest(func(*ledger.Evidence) {}); got != "" {
		t.Errorf("no records gave a digest: %x", got)
	}
	seen := map[string]string{}
	for name, add := range map[string]func(*ledger.Evidence){
		"one":          func(e *ledger.Evidence) { e.Add("ruling", "a", "b") },
		"joined":       func(e *ledger.Evidence) { e.Add("ruling", "ab", "") },
		"two records":  func(e *ledger.Evidence) { e.Add("ruling", "a"); e.Add("b") },
		"other kind":   func(e *ledger.Evidence) { e.Add("observation", "a", "b") },
		"missing id":   func(e *ledger.Evidence) { e.Add("ruling", "a", "b", (*uuid.UUID)(nil)) },
		"number":       func(e *ledger.Evidence) { e.Add("ruling", 1) },
		"other number": func(e *ledger.Evidence) { e.Add("ruling", 11) },
	} {
		d := digest(add)
		if before, dup := seen[d]; dup {
			t.Errorf("%s and %s have the same digest", before, name)
		}
		seen[d] = name
	}
}

// The tree is the one of tlog, which others can check proofs of.
func TestTreeIsThatOfTlog(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var ours ledger.Tree
		var stored []tlog.Hash
		reader := tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, err error) {
			for _, i := range indexes {
				hashes = append(hashes, stored[i])
			}
			return hashes, nil
		})
		n := rapid.IntRange(1, 200).Draw(t, "records")
		resumeAt := rapid.IntRange(0, n).Draw(t, "resume")
		for i := range n {
			if i == resumeAt {
				edge, _ := reader.ReadHashes(ledger.EdgeIndexes(int64(i)))
				ours = ledger.Resume(int64(i), edge)
			}
			record := fmt.Appendf(nil, "record %d", i)
			want, err := tlog.StoredHashes(int64(i), record, reader)
			if err != nil {
				t.Fatal(err)
			}
			if first := tlog.StoredHashIndex(0, int64(i)); first != int64(len(stored)) {
				t.Fatalf("record %d starts at %d, expected %d", i, first, len(stored))
			}
			got := ours.Add(record)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("record %d: stored %v, want %v", i, got, want)
			}
			stored = append(stored, got...)
			root, err := tlog.TreeHash(int64(i+1), reader)
			if err != nil {
				t.Fatal(err)
			}
			if ours.Root() != root {
				t.Fatalf("root over %d records differs", i+1)
			}
		}
	})
}

func TestForkGrowsOnItsOwn(t *testing.T) {
	t.Parallel()
	var tree ledger.Tree
	tree.Add([]byte("a"))
	tree.Add([]byte("b"))
	tree.Add([]byte("c"))
	before := tree.Root()
	fork := tree.Fork()
	fork.Add([]byte("d"))
	if tree.Root() != before || tree.Size() != 3 {
		t.Error("adding to the fork changed the tree")
	}
}

func newKey(t *testing.T) ledger.Key {
	t.Helper()
	key, err := ledger.LoadKey(filepath.Join(t.TempDir(), "keys", "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAKeyIsMadeOnceAndKeptSecret(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ledger")
	first, err := ledger.LoadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ledger.LoadKey(file)
	if err != nil || second.KeyHash() != first.KeyHash() {
		t.Fatalf("the second reading gave another key (%v)", err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the secret key has mode %v (%v)", info.Mode(), err)
	}
	secret, _, _ := ledger.NewKey()
	_, public, _ := ledger.NewKey()
	if _, err := ledger.ParseKey(secret, public); err == nil {
		t.Error("halves of two keys passed for one")
	}
}

func TestOnlyTheKeyOpensItsHeads(t *testing.T) {
	t.Parallel()
	key, other := newKey(t), newKey(t)
	head := ledger.Head{Size: 7, Root: tlog.RecordHash([]byte("x")), At: time.Unix(1_700_000_000, 5000).UTC()}
	signed, err := head.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ledger.OpenHead(signed, key.Verifier); err != nil || got != head {
		t.Errorf("opened %v, %v", got, err)
	}
	if _, err := ledger.OpenHead(signed, other.Verifier); err == nil {
		t.Error("another key opened the head")
	}
	if _, err := ledger.OpenHead(strings.Replace(signed, "\n7\n", "\n8\n", 1), key.Verifier); err == nil {
		t.Error("a changed head was opened")
	}
}

// book is a ledger in memory, as a correct server would have stored it.
type book struct {
	size   int64
	events []ledger.Recorded
	tasks  []ledger.Document
	hashes []ledger.StoredHash
	heads  []string
}

func (b *book) LedgerSize(context.Context) (int64, error) { return b.size, nil }

func (b *book) Recorded(_ context.Context, after int64, limit int) (page []ledger.Recorded, err error) {
	for _, e := range b.events {
		if e.Seq > after && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

func (b *book) Documents(_ context.Context, after uuid.UUID, _ int) ([]ledger.Document, error) {
	if after != uuid.Nil {
		return nil, nil
	}
	return b.tasks, nil
}

func (b *book) Hashes(_ context.Context, from int64, limit int) (page []ledger.StoredHash, err error) {
	for _, h := range b.hashes {
		if h.Index >= from && len(page) < limit {
			page = append(page, h)
		}
	}
	return page, nil
}

func (b *book) SignedHeads(context.Context) ([]string, error) { return b.heads, nil }

func write(t *testing.T, key ledger.Key, n int64) (*book, ledger.Anchors) {
	t.Helper()
	b := &book{size: n}
	anchors := ledger.Anchors(filepath.Join(t.TempDir(), "anchors"))
	var tree ledger.Tree
	for seq := int64(1); seq <= n; seq++ {
		e := event(seq)
		b.tasks = []ledger.Document{{Task: *e.Task, Version: e.Version, Newest: e.Version, Found: []byte{7}, Left: []byte{7}}}
		e.Evidence = []byte{byte(seq)}
		b.events = append(b.events, ledger.Recorded{Event: e, Found: e.Evidence})
		for _, h := range tree.Add(e.Leaf()) {
			b.hashes = append(b.hashes, ledger.StoredHash{Index: int64(len(b.hashes)), Hash: h})
		}
		if seq%4 == 0 {
			signed, err := ledger.Head{Size: seq, Root: tree.Root(), At: e.At}.Sign(key)
			if err != nil {
				t.Fatal(err)
			}
			b.heads = append(b.heads, signed)
			if err := anchors.Append(signed); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b, anchors
}

func verify(t *testing.T, b *book, key ledger.Key, anchors ledger.Anchors) ledger.Report {
	t.Helper()
	kept, err := anchors.Read()
	if err != nil {
		t.Fatal(err)
	}
	report, err := ledger.Verify(context.Background(), b, key.Verifier, kept)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestASoundLedgerHasNoProblems(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for _, n := range []int64{0, 1, 21, 2000, 2003} {
		b, anchors := write(t, key, n)
		report := verify(t, b, key, anchors)
		if len(report.Problems) > 0 || report.Size != n || report.Heads != 2*int(n/4) {
			t.Errorf("%d events: %+v", n, report)
		}
	}
}

func TestVerifyFindsEachKindOfTampering(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	rewrite := func(b *book) { // a careful intruder: derives every hash again, but cannot sign
		var tree ledger.Tree
		b.hashes = nil
		for i := range b.events {
			b.events[i].Seq = int64(i + 1)
			for _, h := range tree.Add(b.events[i].Leaf()) {
				b.hashes = append(b.hashes, ledger.StoredHash{Index: int64(len(b.hashes)), Hash: h})
			}
		}
		b.size = int64(len(b.events))
	}
	for name, c := range map[string]struct {
		tamper func(*book)
		finds  string
	}{
		"a body changed":        {func(b *book) { b.events[4].Body = json.RawMessage(`{}`) }, "does not give the hash"},
		"a ruling changed":      {func(b *book) { b.events[4].Found = []byte{99} }, "the rulings or observations"},
		"a ruling and its mark": {func(b *book) { b.events[4].Found, b.events[4].Evidence = []byte{99}, []byte{99} }, "does not give the hash"},
		"an event removed":      {func(b *book) { b.events = append(b.events[:4:4], b.events[5:]...) }, "was removed or slipped in"},
		"the newest removed":    {func(b *book) { b.events = b.events[:20] }, "events were removed"},
		"an event slipped in": {func(b *book) {
			b.events = append(b.events[:5:5], b.events[4:]...)
		}, "was removed or slipped in"},
		"a task changed":     {func(b *book) { b.tasks[0].Found = nil }, "is not as its newest event left it"},
		"a task put back":    {func(b *book) { b.tasks[0].Version-- }, "is version 20"},
		"a task removed":     {func(b *book) { b.tasks = nil }, "was removed"},
		"a hash changed":     {func(b *book) { b.hashes[3].Hash[0]++ }, "does not give the hash"},
		"a hash removed":     {func(b *book) { b.hashes = append(b.hashes[:3:3], b.hashes[4:]...) }, "does not give the hash"},
		"the head put back":  {func(b *book) { b.size = 20 }, "turned back"},
		"a head signed anew": {func(b *book) { b.heads[0] = strings.Replace(b.heads[0], "\n4\n", "\n5\n", 1) }, "signed head 1"},
		"all derived again": {func(b *book) {
			b.events[4].Body = json.RawMessage(`{}`)
			rewrite(b)
			b.heads = nil
		}, "anchor of"},
		"the end cut off and all derived again": {func(b *book) {
			b.events = b.events[:10]
			rewrite(b)
			b.heads = b.heads[:2]
		}, "anchor of"},
	} {
		b, anchors := write(t, key, 21)
		c.tamper(b)
		report := verify(t, b, key, anchors)
		if !strings.Contains(fmt.Sprint(report.Problems), c.finds) {
			t.Errorf("%s: %v", name, report.Problems)
		}
	}
}

func TestAnchorsSayWhichLineIsBroken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "anchors")
	if err := os.WriteFile(file, []byte("\"fine\"\nnot json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Anchors(file).Read(); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
	if kept, err := ledger.Anchors(file + ".none").Read(); err != nil || kept != nil {
		t.Errorf("a missing file: %v, %v", kept, err)
	}
}
