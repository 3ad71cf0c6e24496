package law

import (
	"path"
	"slices"
	"strings"
	"time"
)

// ReadingInfo is one switch of a rulebook: what the words leave open, and what they are taken to mean unless an organ decides
// otherwise.
type ReadingInfo struct {
	ID         string
	Asks       Text
	Default    string
	Options    []string // none: any whole number, or any list of words
	Number     bool
	Words      bool
	Switchable bool // no: a line that nobody may move
	SetBy      string
	Memo       string // of the default
	ValidFrom  time.Time
	UsedBy     []string // citations of the items that take a value from it, and the overlays that it switches
}

// Readings lists the switches of a rulebook in their order; nothing for one that the library does not hold.
func (l *Library) Readings(id string) (list []ReadingInfo) {
	base := l.instruments[id]
	if base == nil {
		return nil
	}
	used := (&analysis{lib: l}).uses(base)
	for _, r := range base.readings {
		list = append(list, ReadingInfo{
			ID: r.id, Asks: r.asks, Default: r.value(), Options: r.options, Number: r.number, Words: r.words,
			Switchable: r.switchable, SetBy: r.setBy, Memo: r.memo, ValidFrom: r.validFrom, UsedBy: citing(used[r.id]),
		})
	}
	return list
}

// citing turns places of the files into citations, each once.
func citing(uses []use) (list []string) {
	for _, u := range uses {
		citation := strings.TrimSpace(path.Dir(u.at.file) + " " + u.at.item)
		if !slices.Contains(list, citation) {
			list = append(list, citation)
		}
	}
	return list
}
