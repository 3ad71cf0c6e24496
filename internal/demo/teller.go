package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dutybound/dutybound/api"
)

// Language is what the story is told in.
type Language string

const (
	Chinese Language = "zh"
	English Language = "en"
)

// LanguageOf reads a word or a locale ("en", "zh", "en_GB.UTF-8"); whatever is not English is told in Chinese.
func LanguageOf(word string) Language {
	if strings.HasPrefix(strings.ToLower(word), "en") {
		return English
	}
	return Chinese
}

// text is a sentence in both languages.
type text struct{ zh, en string }

func (l Language) of(t text) string {
	if l == English {
		return t.en
	}
	return t.zh
}

func (l Language) word(t api.Text) string { return l.of(text{t.Zh, t.En}) }

// teller prints the story.
type teller struct {
	out    io.Writer
	lang   Language
	scenes int
}

func (t *teller) line(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

func (t *teller) opening(baseURL string) {
	t.line(t.lang.of(text{"派出所的一个上午（人物均为虚构），演于 %s", "A morning at the station (everybody in it is invented), played at %s"}), baseURL)
}

func (t *teller) scene(title text) {
	t.scenes++
	t.line("\n━━ %d · %s", t.scenes, t.lang.of(title))
}

// aside is what the reader should know at this point.
func (t *teller) aside(what text) { t.line("   — %s", t.lang.of(what)) }

// does tells what somebody does.
func (t *teller) does(name string, what text) { t.line("   %s %s", name, t.lang.of(what)) }

func (t *teller) lawful(r *api.Ruling) {
	t.line("      ✓ %s%s", t.lang.outcome(r.Outcome), t.owed(r))
}

// refused tells every reason that stands against the work, and every way out.
func (t *teller) refused(r *api.Ruling) {
	t.line("      ✗ %s", t.lang.outcome(r.Outcome))
	said := map[string]bool{}
	for _, x := range r.Reasons {
		if reason := x.Citation + "  " + t.lang.word(x.Message); against(x) && !said[reason] {
			said[reason] = true
			t.line("        %s", reason)
		}
	}
	for _, x := range r.Remedies {
		t.line("        → %s", t.lang.word(x.Message))
	}
}

// ruling tells one ruling of a record, with the clauses it cites.
func (t *teller) ruling(r api.RulingRecord) {
	t.line("      %s %s ⇒ %s", r.At.Local().Format(time.TimeOnly), t.lang.command(r.Command), t.lang.outcome(r.Ruling.Outcome))
	t.line("          %s", citations(r.Ruling))
}

// wall tells what the command centre's screen shows at that moment.
func (t *teller) wall(e happening) { t.line("        ▷ #%d %s", e.Seq, e.Kind) }

func (t *teller) ending(rulings int) {
	t.line("\n"+t.lang.of(text{"完：%d 次裁定，条条与条例相符。", "The end: %d rulings, each what the law should say."}), rulings)
}

// owed lists the obligations that are still to be met, with their clauses.
func (t *teller) owed(r *api.Ruling) string {
	var open []string
	for _, o := range r.Obligations {
		if owed := t.lang.obligation(o); o.State != api.ObligationStateMet && !slices.Contains(open, owed) {
			open = append(open, owed)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return t.lang.of(text{"，开始前尚需：", ", owed by the start: "}) + strings.Join(open, t.lang.of(text{"、", ", "}))
}

// citations lists what a ruling cites, each once; in a refusal only what stands against the work.
func citations(r api.Ruling) string {
	var cited []string
	seen := map[string]bool{}
	for _, x := range r.Reasons {
		if seen[x.Citation] || !r.Lawful && !against(x) {
			continue
		}
		seen[x.Citation] = true
		cited = append(cited, x.Citation)
	}
	return strings.Join(cited, " · ")
}
