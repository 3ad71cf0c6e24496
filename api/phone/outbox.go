package phone

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Clock is what a phone knows of the time. Real phones ask their system: on Android, SystemClock.elapsedRealtime and the boot count.
type Clock struct {
	Wall  func() time.Time     // can be set by anybody
	Since func() time.Duration // since the phone was switched on; cannot be set
	Boot  string               // names the time since then
}

// Outbox is what a phone recorded and the server has not taken yet. Each record is signed when it is made, and written down before
// it counts; the file is appended to, a line a record, and cut down only when everything in it was taken. It is for one process.
type Outbox struct {
	mu      sync.Mutex
	key     *Key
	device  uuid.UUID
	clock   Clock
	path    string
	file    *os.File
	n       int64    // of the newest record
	prev    string   // its digest
	waiting []string // signed records, oldest first
	taken   int64    // the newest that the server has
	seen    *Seen
}

// What stands in a line that is no record: how far the server has come, and where the chain was when the file was cut down.
type mark struct {
	Taken int64  `json:"taken"`
	N     int64  `json:"n"`
	Prev  string `json:"prev"`
}

// OpenOutbox opens the outbox in a file, which is made when there is none. A last line that a power cut left unfinished was never
// acknowledged to anybody and is dropped; any other line that is wrong is an error.
func OpenOutbox(path string, key *Key, device uuid.UUID, clock Clock) (*Outbox, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("phone: outbox: %w", err)
	}
	o := &Outbox{key: key, device: device, clock: clock, path: path, file: file}
	if err := o.load(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return o, nil
}

func (o *Outbox) load() error {
	reader := bufio.NewReader(o.file)
	var end int64
	for {
		line, err := reader.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("phone: outbox: %w", err)
		}
		if err := o.read(strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
		end += int64(len(line))
	}
	if err := o.file.Truncate(end); err != nil {
		return fmt.Errorf("phone: outbox: %w", err)
	}
	if _, err := o.file.Seek(end, io.SeekStart); err != nil {
		return fmt.Errorf("phone: outbox: %w", err)
	}
	o.forget(o.taken)
	return nil
}

func (o *Outbox) read(line string) error {
	if strings.HasPrefix(line, "{") {
		var m mark
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return fmt.Errorf("phone: outbox: %w", err)
		}
		o.taken = m.Taken
		if len(o.waiting) == 0 && o.n == 0 {
			o.n, o.prev = m.N, m.Prev
		}
		return nil
	}
	record, err := VerifyRecord(line, o.key.Public())
	if err != nil {
		return fmt.Errorf("phone: outbox: %w", err)
	}
	if record.N != o.n+1 || record.Prev != o.prev || record.Device != o.device {
		return fmt.Errorf("phone: outbox: record %d does not follow record %d", record.N, o.n)
	}
	o.add(line)
	return nil
}

func (o *Outbox) add(signed string) {
	o.n++
	o.prev = Digest(signed)
	o.waiting = append(o.waiting, signed)
}

// SawServer notes the time that an answer of the server told (its Date header): what is recorded later can be placed by it.
func (o *Outbox) SawServer(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = &Seen{At: at.UTC(), SinceBootMS: o.clock.Since().Milliseconds()}
}

// Record writes a request down and signs it. The id that comes back is its Idempotency-Key, also should it be sent at once.
func (o *Outbox) Record(path string, body any) (id uuid.UUID, signed string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	content, err := json.Marshal(body)
	if err != nil {
		return id, "", fmt.Errorf("phone: outbox: %w", err)
	}
	if id, err = uuid.NewV7(); err != nil {
		return id, "", fmt.Errorf("phone: outbox: %w", err)
	}
	signed, err = o.key.Sign(Record{
		Device: o.device, N: o.n + 1, Prev: o.prev, ID: id, Method: "POST", Path: path, Body: content, Wall: o.clock.Wall(),
		Boot: o.clock.Boot, SinceBootMS: o.clock.Since().Milliseconds(), Server: o.seen,
	})
	if err != nil {
		return id, "", err
	}
	if err := o.write(signed); err != nil {
		return id, "", err
	}
	o.add(signed)
	return id, signed, nil
}

// write appends a line and waits until it is on the disk. After a failure the file is as it was.
func (o *Outbox) write(line string) error {
	end, err := o.file.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = io.WriteString(o.file, line+"\n")
	}
	if err == nil {
		err = o.file.Sync()
	}
	if err == nil {
		return nil
	}
	_, back := o.file.Seek(end, io.SeekStart)
	return fmt.Errorf("phone: outbox: %w", errors.Join(err, o.file.Truncate(end), back))
}

// Waiting are at most so many signed records that the server has not taken, oldest first.
func (o *Outbox) Waiting(most int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.waiting[:min(most, len(o.waiting))]...)
}

// Took notes that the server has taken the records up to a number. Before that nothing is thrown away: sending twice does no harm.
func (o *Outbox) Took(n int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n <= o.taken || n > o.n {
		return nil
	}
	line, err := json.Marshal(mark{Taken: n, N: o.n, Prev: o.prev})
	if err != nil {
		return fmt.Errorf("phone: outbox: %w", err)
	}
	if err := o.write(string(line)); err != nil {
		return err
	}
	o.forget(n)
	if len(o.waiting) == 0 {
		return o.cut(string(line))
	}
	return nil
}

func (o *Outbox) forget(taken int64) {
	first := o.n - int64(len(o.waiting)) // the number before the oldest that waits
	o.waiting = o.waiting[max(0, min(taken-first, int64(len(o.waiting)))):]
	o.taken = taken
}

// cut makes the file anew with nothing but where the chain stands, and puts it in the old one's place.
func (o *Outbox) cut(line string) error {
	fresh, err := os.OpenFile(o.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("phone: outbox: %w", err)
	}
	_, err = io.WriteString(fresh, line+"\n")
	if err == nil {
		err = fresh.Sync()
	}
	if err == nil {
		err = os.Rename(fresh.Name(), o.path)
	}
	if err != nil {
		return fmt.Errorf("phone: outbox: %w", errors.Join(err, fresh.Close()))
	}
	old := o.file
	o.file = fresh
	return old.Close()
}

// Close closes the file.
func (o *Outbox) Close() error { return o.file.Close() }
