package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Leaf is the canonical form of a numbered event: what is hashed into the tree. It never changes for a stored event; another
// form would carry another name in its first field.
func (e *Event) Leaf() []byte {
	var f fields
	f.text("dutybound event 1")
	f.text(strconv.FormatInt(e.Seq, 10))
	f.bytes(e.ID[:])
	f.text(e.Kind)
	f.text(string(e.Path))
	f.id(e.Task)
	f.text(strconv.Itoa(e.Version))
	f.bytes(e.Actor[:])
	f.time(e.At)
	f.bytes(e.Body)
	f.bytes(e.Evidence)
	return f
}

// fields are values one after the other, each behind its length, so that no two lists of values have the same bytes.
type fields []byte

func (f *fields) bytes(b []byte)   { *f = append(binary.AppendUvarint(*f, uint64(len(b))), b...) }
func (f *fields) text(s string)    { f.bytes([]byte(s)) }
func (f *fields) time(t time.Time) { f.text(strconv.FormatInt(t.UnixMicro(), 10)) }

func (f *fields) id(id *uuid.UUID) {
	if id == nil {
		f.bytes(nil)
		return
	}
	f.bytes(id[:])
}

// Evidence digests the records that were written with an event, so that its leaf covers them as well. Records are added in the
// order of their ids.
type Evidence struct{ sum hash.Hash }

// Add takes in one record: its kind and its values in a fixed order. Times are counted in microseconds, as the database keeps
// them; other values are text, bytes or ids.
func (e *Evidence) Add(kind string, values ...any) {
	if e.sum == nil {
		e.sum = sha256.New()
	}
	var f fields
	f.text(kind)
	for _, v := range values {
		f.value(v)
	}
	e.sum.Write(binary.AppendUvarint(nil, uint64(len(f))))
	e.sum.Write(f)
}

// Digest is nil when nothing was added.
func (e *Evidence) Digest() []byte {
	if e.sum == nil {
		return nil
	}
	return e.sum.Sum(nil)
}

func (f *fields) value(v any) {
	switch v := v.(type) {
	case string:
		f.text(v)
	case []byte:
		f.bytes(v)
	case int:
		f.text(strconv.Itoa(v))
	case uuid.UUID:
		f.bytes(v[:])
	case *uuid.UUID:
		f.id(v)
	case time.Time:
		f.time(v)
	default:
		panic("ledger: evidence holds text, bytes, numbers, ids and times only")
	}
}
