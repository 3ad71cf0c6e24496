package phone_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
)

func outbox(t *testing.T, path string, key *phone.Key, device uuid.UUID) *phone.Outbox {
	t.Helper()
	o, err := phone.OpenOutbox(path, key, device, phone.Clock{
		Wall: func() time.Time { return time.Unix(1e9, 0) }, Since: func() time.Duration { return time.Minute }, Boot: "b1",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() }) // most are closed by then
	return o
}

// The chain goes on over restarts, uploads in portions, and a file that was cut down; what was not finished was never promised.
func TestAnOutboxKeepsItsChain(t *testing.T) {
	t.Parallel()
	path, key, device := filepath.Join(t.TempDir(), "outbox"), newKey(t), uuid.New()
	var all []string
	record := func(o *phone.Outbox) {
		t.Helper()
		id, signed, err := o.Record("/v1/observations", map[string]any{"n": len(all)})
		if err != nil || id.Version() != 7 {
			t.Fatal(id, err)
		}
		all = append(all, signed)
	}
	waits := func(o *phone.Outbox, from int) {
		t.Helper()
		got := o.Waiting(100)
		if len(got) != len(all)-from {
			t.Fatalf("%d wait, want %d", len(got), len(all)-from)
		}
		for i, signed := range got {
			if signed != all[from+i] {
				t.Errorf("record %d is another one", from+i+1)
			}
		}
	}
	o := outbox(t, path, key, device)
	record(o)
	o.SawServer(time.Unix(2e9, 0))
	record(o)
	record(o)
	if got := o.Waiting(2); len(got) != 2 || got[0] != all[0] {
		t.Errorf("%q", got)
	}
	if err := o.Took(2); err != nil {
		t.Fatal(err)
	}
	waits(o, 2)
	reopen := func() {
		t.Helper()
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		o = outbox(t, path, key, device)
	}
	reopen()
	waits(o, 2)
	record(o)
	if err := o.Took(4); err != nil {
		t.Fatal(err)
	}
	waits(o, 4)
	if content, err := os.ReadFile(path); err != nil || len(content) > 200 {
		t.Errorf("the file was not cut down: %d bytes, %v", len(content), err)
	}
	record(o)
	reopen()
	waits(o, 4)
	record(o)
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = torn.WriteString(all[0][:50])
	if err != nil || torn.Close() != nil {
		t.Fatal(err)
	}
	reopen()
	record(o)
	reopen()
	waits(o, 4)
	for _, foolish := range []int64{0, 3, 99} { // an answer of long ago, or of another phone
		if err := o.Took(foolish); err != nil {
			t.Fatal(err)
		}
	}
	waits(o, 4)
	prev := ""
	for i, signed := range all {
		read, err := phone.VerifyRecord(signed, key.Public())
		if err != nil || read.N != int64(i+1) || read.Prev != prev || (read.Server != nil) != (i > 0 && i < 3) {
			t.Errorf("record %d: %+v, %v", i+1, read, err)
		}
		prev = phone.Digest(signed)
	}
}

func TestAnOutboxThatWasChangedIsNotOpened(t *testing.T) {
	t.Parallel()
	path, key, device := filepath.Join(t.TempDir(), "outbox"), newKey(t), uuid.New()
	o := outbox(t, path, key, device)
	for range 3 {
		if _, _, err := o.Record("/v1/observations", nil); err != nil {
			t.Fatal(err)
		}
	}
	records := o.Waiting(3)
	for name, content := range map[string]string{
		"one left out": records[0] + "\n" + records[2] + "\n", "one twice": records[0] + "\n" + records[0] + "\n",
		"rubbish": "x\n", "rubbish in braces": "{\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := phone.OpenOutbox(path, key, device, phone.Clock{}); err == nil {
			t.Errorf("%s: it is opened", name)
		}
	}
	if err := os.WriteFile(path, []byte(records[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.OpenOutbox(path, newKey(t), device, phone.Clock{}); err == nil {
		t.Error("with another key it is opened")
	}
	if _, err := phone.OpenOutbox(path, key, uuid.New(), phone.Clock{}); err == nil {
		t.Error("as another device's it is opened")
	}
}
