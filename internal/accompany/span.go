package accompany

import (
	"encoding/json"
	"time"
)

// MarshalJSON writes whole milliseconds.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Milliseconds()) }

// Milliseconds is the span in whole milliseconds.
func (s Span) Milliseconds() int64 { return time.Duration(s).Milliseconds() }

// UnmarshalJSON reads them.
func (s *Span) UnmarshalJSON(text []byte) error {
	var ms int64
	err := json.Unmarshal(text, &ms)
	*s = Span(time.Duration(ms) * time.Millisecond)
	return err
}
