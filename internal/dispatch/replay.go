package dispatch

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// Replay derives a stored ruling again from its stored facts, and says how the two differ ("" when they do not). An error means
// that the book would not rule on these facts at all.
func Replay(book Book, r RulingRecord) (difference string, err error) {
	again, err := book.Rule(&r.Facts)
	if err != nil {
		return "", fmt.Errorf("ruling %s: %w", r.ID, err)
	}
	if again.Readings != r.Ruling.Readings || !slices.Equal(again.Rulebooks, r.Ruling.Rulebooks) {
		return "given under another edition or other readings: " + books(r.Ruling) + ", now " + books(again), nil
	}
	before, err := json.Marshal(r.Ruling)
	if err != nil {
		return "", err
	}
	after, err := json.Marshal(again)
	if err != nil {
		return "", err
	}
	switch {
	case r.Ruling.Outcome != again.Outcome:
		return fmt.Sprintf("was %s, is %s", r.Ruling.Outcome, again.Outcome), nil
	case string(before) != string(after):
		return "same outcome, other reasons", nil
	default:
		return "", nil
	}
}

func books(r law.Ruling) (list string) {
	for _, b := range r.Rulebooks {
		list += b.ID + "@" + b.Hash + " "
	}
	return list + "readings " + r.Readings
}
