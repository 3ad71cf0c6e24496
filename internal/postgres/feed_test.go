package postgres_test

import (
	"slices"
	"testing"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
)

// logOf writes a numbered log of so many events of the north, but for those of the south, without the work of numbering it.
func (h *house) logOf(size int64, south ...int64) {
	h.t.Helper()
	_, err := h.owner.Exec(h.t.Context(), `INSERT INTO event (seq, id, kind, path, version, actor, at, body)
		SELECT n, gen_random_uuid(), 'test.written', CASE WHEN n = ANY ($2::bigint[]) THEN $3 ELSE $4 END, 0, gen_random_uuid(), clock_timestamp(), '{}'
		FROM generate_series(1, $1::bigint) AS n`, size, south, string(h.south.Path), string(h.north.Path))
	h.must(err)
	_, err = h.owner.Exec(h.t.Context(), `UPDATE ledger_head SET size = $1`, size)
	h.must(err)
}

// Whoever hears little reads a long log in pages that each look at a stretch of it: none is long, none is skipped, and none goes
// past the head.
func TestAPageLooksAtAStretchOfTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	heard := []int64{3, 9_999, 10_000, 10_001, 29_998}
	h.logOf(30_001, heard...)
	scope := feed.Scope{Paths: []duty.Path{h.south.Path}}
	var seqs, through []int64
	for after := int64(0); after < 30_001; {
		page, err := h.store.Page(t.Context(), scope, after, 100)
		h.must(err)
		if page.Head != 30_001 || page.Through <= after {
			t.Fatalf("after %d: through %d of %d", after, page.Through, page.Head)
		}
		for _, e := range page.Events {
			seqs = append(seqs, e.Seq)
		}
		after = page.Through
		through = append(through, after)
	}
	if want := []int64{10_000, 20_000, 30_000, 30_001}; !slices.Equal(through, want) || !slices.Equal(seqs, heard) {
		t.Errorf("read %v in pages through %v", seqs, through)
	}
	if page, err := h.store.Page(t.Context(), scope, 0, 2); err != nil || page.Through != 9_999 {
		t.Errorf("a full page ends with its last event: through %d, %v", page.Through, err)
	}
}
