package dispatch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// Replayed is what comes of a stored ruling that was derived again.
type Replayed struct {
	Difference string // how it differs from the stored one; empty: it does not
	Text       string // how the texts of the law differ under which the two were given; empty: they do not
}

// Replay derives a stored ruling again from its stored facts. The text of the law may have changed since, as by a better note on an article:
// what the law says then still has to be the same. The readings are on record with the dates from which they hold, and do not change. An
// error means that the book would not rule on these facts at all.
func Replay(book Book, r RulingRecord) (got Replayed, err error) {
	again, err := book.Rule(&r.Facts)
	if err != nil {
		return Replayed{}, fmt.Errorf("ruling %s: %w", r.ID, err)
	}
	if !slices.Equal(again.Rulebooks, r.Ruling.Rulebooks) {
		got.Text = changes(r.Ruling.Rulebooks, again.Rulebooks)
		again.Rulebooks = r.Ruling.Rulebooks
	}
	got.Difference, err = difference(r.Ruling, again)
	return got, err
}

func difference(was, is law.Ruling) (string, error) {
	before, err := json.Marshal(was)
	if err != nil {
		return "", err
	}
	after, err := json.Marshal(is)
	if err != nil {
		return "", err
	}
	switch {
	case was.Readings != is.Readings:
		return fmt.Sprintf("given under other readings: %s, on record %s", was.Readings, is.Readings), nil
	case was.Outcome != is.Outcome:
		return fmt.Sprintf("was %s, is %s", was.Outcome, is.Outcome), nil
	case string(before) != string(after):
		return "same outcome, other reasons", nil
	default:
		return "", nil
	}
}

// changes names the texts that were replaced, and by which.
func changes(was, is []law.RulebookRef) string {
	var list []string
	for _, b := range was {
		if !slices.Contains(is, b) {
			list = append(list, b.ID+"@"+b.Hash)
		}
	}
	for _, b := range is {
		if !slices.Contains(was, b) {
			list = append(list, "now "+b.ID+"@"+b.Hash)
		}
	}
	return strings.Join(list, ", ")
}
