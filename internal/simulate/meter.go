package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// meter is the transport of all phones: it measures every answer.
type meter struct {
	base http.RoundTripper
	took histogram

	mu     sync.Mutex
	kinds  map[string]int // answers of 400 and above, and requests without one
	broken int            // of them 500 and above
}

func newMeter(base http.RoundTripper) *meter { return &meter{base: base, kinds: map[string]int{}} }

// askedForNonce is how a server tells a nonce for the first time: part of the protocol, no error.
const askedForNonce = "401 dpop_nonce_required"

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := m.base.RoundTrip(request)
	if err != nil {
		if request.Context().Err() == nil {
			m.count("no answer", 0)
		}
		return nil, err
	}
	m.took.add(time.Since(began))
	if answer.StatusCode >= http.StatusBadRequest {
		m.count(kindOf(answer), answer.StatusCode)
	}
	return answer, nil
}

func (m *meter) count(kind string, status int) {
	if kind == askedForNonce {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds[kind]++
	if status >= http.StatusInternalServerError {
		m.broken++
	}
}

// kindOf names a refusal by its status and code, and leaves the body to be read again.
func kindOf(answer *http.Response) string {
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var problem struct{ Code string }
	if err != nil || json.Unmarshal(body, &problem) != nil {
		return fmt.Sprint(answer.StatusCode)
	}
	return fmt.Sprintf("%d %s", answer.StatusCode, problem.Code)
}

func (m *meter) errors() (kinds map[string]int, broken int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kinds = make(map[string]int, len(m.kinds))
	for kind, n := range m.kinds {
		kinds[kind] = n
	}
	return kinds, m.broken
}

// histogram counts durations in steps of a twentieth, from a microsecond to some minutes.
type histogram [400]atomic.Int64

const step = 1.05

func (h *histogram) add(d time.Duration) {
	i := int(math.Log(math.Max(1, float64(d.Microseconds()))) / math.Log(step))
	h[min(i, len(h)-1)].Add(1)
}

// counts are what a histogram holds at a moment.
type counts [400]int64

func (h *histogram) counts() (c counts) {
	for i := range h {
		c[i] = h[i].Load()
	}
	return c
}

// since is what came after an earlier moment.
func (c counts) since(earlier counts) counts {
	for i := range c {
		c[i] -= earlier[i]
	}
	return c
}

func (c counts) total() (n int64) {
	for _, in := range c {
		n += in
	}
	return n
}

// quantile is the duration that a share of them do not exceed.
func (c counts) quantile(share float64) time.Duration {
	left := int64(math.Ceil(share * float64(c.total())))
	for i, in := range c {
		if left -= in; left <= 0 && in > 0 {
			return time.Duration(math.Pow(step, float64(i+1))) * time.Microsecond
		}
	}
	return 0
}
