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
	Text       string // how the texts of the law differ, or the readings, under which the two were given; empty: they do not
}

// Replay derives a stored ruling again from its stored facts. The text of the law may have changed since, as by a better note on an article:
// what the law says then still has to be the same. An error means that the book would not rule on these facts at all.
func Replay(book Book, r RulingRecord) (got Replayed, err error) {
	again, err := book.Rule(&r.Facts)
	if err != nil {
		return Replayed{}, fmt.Errorf("ruling %s: %w", r.ID, err)
	}
	if again.Readings != r.Ruling.Readings || !slices.Equal(again.Rulebooks, r.Ruling.Rulebooks) {
		got.Text = changes(r.Ruling, again)
		again.Readings, again.Rulebooks = r.Ruling.Readings, r.Ruling.Rulebooks
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
	case was.Outcome != is.Outcome:
		return fmt.Sprintf("was %s, is %s", was.Outcome, is.Outcome), nil
	case string(before) != string(after):
		return "same outcome, other reasons", nil
	default:
		return "", nil
	}
}

// changes names what was given under another text, or other readings, and by which it was replaced.
func changes(was, is law.Ruling) string {
	var list []string
	for _, b := range was.Rulebooks {
		if !slices.Contains(is.Rulebooks, b) {
			list = append(list, b.ID+"@"+b.Hash)
		}
	}
	for _, b := range is.Rulebooks {
		if !slices.Contains(was.Rulebooks, b) {
			list = append(list, "now "+b.ID+"@"+b.Hash)
		}
	}
	if was.Readings != is.Readings {
		list = append(list, "readings "+was.Readings, "now readings "+is.Readings)
	}
	return strings.Join(list, ", ")
}
