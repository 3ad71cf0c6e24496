package lawcli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Coverage prints, for every unit of every article of a rulebook and its overlays, its words and what is made of them: the rule,
// or by whom and how they are kept without one. It reports 1 for a rulebook that is not there.
func Coverage(rulebook string, stdout, stderr io.Writer) int {
	book, err := law.Embedded().Book(rulebook, law.Settings{})
	if err != nil {
		fmt.Fprintf(stderr, "law coverage: %v\n", err)
		return exitBad
	}
	articles := book.Articles()
	for i, a := range articles {
		if i == 0 || a.Instrument != articles[i-1].Instrument {
			fmt.Fprintf(stdout, "%s\n%s · %s\n\n", a.Instrument, a.Title.ZH, a.Title.EN)
		}
		printArticle(stdout, a)
	}
	for _, line := range tally(articles) {
		fmt.Fprintln(stdout, line)
	}
	return exitGood
}

func printArticle(w io.Writer, a law.Article) {
	fmt.Fprintf(w, "%s  %s\n  %s\n", a.Citation, inForce(a.From, a.To), a.Gloss)
	for _, u := range a.Units {
		fmt.Fprintf(w, "  %s  %s\n", strings.TrimPrefix(u.Citation, a.Instrument+" "), u.Words)
		for _, it := range u.Items {
			for _, line := range made(it) {
				fmt.Fprintf(w, "      %s\n", line)
			}
		}
	}
	fmt.Fprintln(w)
}

func inForce(from, to time.Time) string {
	if to.IsZero() {
		return "from " + from.Format(time.DateOnly)
	}
	return "from " + from.Format(time.DateOnly) + " to " + to.Format(time.DateOnly)
}

// made says in lines what is made of a unit.
func made(it law.Item) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if !it.From.IsZero() {
		say("%s", inForce(it.From, it.To))
	}
	if it.By != "" {
		say("%s %s: %s · %s", it.Kind, it.By, it.Note.ZH, it.Note.EN)
	} else if len(it.Acts) == 0 {
		say("%s", it.Kind)
	} else {
		say("%s%s: %s", it.Kind, whom(it.Acts[0].Role), strings.Join(actNames(it.Acts), " · "))
	}
	for _, a := range it.Asks {
		say("asks for %s (%s)%s%s: %s · %s", a.Obligation, a.Due, narrowed(" for ", a.Scope), narrowed(" when ", a.When), a.Asks.ZH, a.Asks.EN)
	}
	for _, c := range it.Closes {
		say("%s when %s%s%s", c.Verdict, strings.Join(c.When, " or "), narrowed(" for ", c.Scope), excepted(c))
	}
	for _, e := range it.Equipment {
		say("equipment %s, %s%s: %s", e.Class, joined(e.Uses), whom(e.Role), e.Verdict)
	}
	for _, a := range it.Advice {
		say("advises %s: %s · %s", a.Code, a.Message.ZH, a.Message.EN)
	}
	if len(it.Readings) > 0 {
		say("readings%s", readings(it.Readings))
	}
	return lines
}

func actNames(acts []law.ActInfo) []string {
	names := make([]string, 0, len(acts))
	for _, a := range acts {
		names = append(names, a.Code+" "+a.Name.ZH)
	}
	return names
}

func whom(role law.Role) string {
	if role == law.RoleNone {
		return ""
	}
	return " for " + role.String() + " auxiliaries"
}

func narrowed(word string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	return word + strings.Join(list, ", ")
}

func excepted(c law.Closing) string {
	if len(c.Except) == 0 {
		return ""
	}
	return fmt.Sprintf("; but %s: %s", strings.Join(c.Except, ", "), c.ExceptVerdict)
}

func joined[T fmt.Stringer](list []T) string {
	words := make([]string, 0, len(list))
	for _, v := range list {
		words = append(words, v.String())
	}
	return strings.Join(words, " ")
}

// tally counts, for each instrument, the units that are ruled on and those that are traced, and to whom.
func tally(articles []law.Article) (lines []string) {
	for len(articles) > 0 {
		id := articles[0].Instrument
		end := slices.IndexFunc(articles, func(a law.Article) bool { return a.Instrument != id })
		if end < 0 {
			end = len(articles)
		}
		lines = append(lines, tallyOf(id, articles[:end]))
		articles = articles[end:]
	}
	return lines
}

func tallyOf(id string, articles []law.Article) string {
	ruled, traced, by := 0, 0, map[string]int{}
	for _, a := range articles {
		for _, u := range a.Units {
			if keeper := u.Items[0].By; keeper == "" {
				ruled++
			} else {
				traced++
				by[keeper]++
			}
		}
	}
	kept := make([]string, 0, len(by))
	for _, keeper := range slices.Sorted(maps.Keys(by)) {
		kept = append(kept, fmt.Sprintf("%s %d", keeper, by[keeper]))
	}
	line := fmt.Sprintf("%s: %s, %s: %d ruled on, %d traced", id, count(len(articles), "article"), count(ruled+traced, "unit"), ruled, traced)
	return line + narrowed(": ", kept)
}
