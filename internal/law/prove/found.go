package prove

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// lines are what is found in a ruling and keeps the work from being plainly permitted: a set of line, by number.
type lines [4]uint64

// line is a verdict and a remedy, and the part (of the unit the view) that the reason is about.
type line struct {
	about   int
	verdict law.Outcome
	remedy  string
}

func (l *lines) join(other *lines) {
	for i := range l {
		l[i] |= other[i]
	}
}

// row is what a ruling says of one class of one part, or of several together.
type row struct {
	worst law.Outcome
	found lines
}

func (r row) with(other row) row {
	r.worst = max(r.worst, other.worst)
	r.found.join(&other.found)
	return r
}

// mark is what the walk makes of a finding, which is looked at once: findings are shared by all rulings.
type mark struct {
	about int
	lines lines // none where it plainly permits
}

func (w *worker) mark(x *law.Finding) *mark {
	m := w.marks[x]
	if m == nil {
		about := w.proof.find(x.Fact)
		m = &mark{about: about}
		if x.Verdict > law.Permitted {
			k := w.proof.number(line{about, x.Verdict, x.Remedy})
			m.lines[k/64] = 1 << (k % 64)
		}
		w.marks[x] = m
	}
	return m
}

// finds is all that is found about facts.
func (w *worker) finds(f *law.Facts) row {
	w.ruled++
	w.all = lines{}
	worst, err := w.proof.core.Findings(f, w.see)
	if err != nil {
		panic(unruly(err))
	}
	return row{worst, w.all}
}

// add adds a finding to all that are found.
func (w *worker) add(x *law.Finding) {
	if x.Verdict > law.Permitted {
		w.all.join(&w.mark(x).lines)
	}
}

// number gives each line its own, whoever of the team comes upon it first.
func (p *proof) number(l line) int {
	p.lock.Lock()
	defer p.lock.Unlock()
	k, ok := p.lineNumbers[l]
	if !ok {
		k = len(p.lineNumbers)
		if k == 64*len(lines{}) {
			panic("more lines than lines can hold: give it another word")
		}
		p.lineNumbers[l] = k
	}
	return k
}

// list writes lines for people, in an order that does not hang on who found them first.
func (p *proof) list(l lines) string {
	p.lock.Lock()
	byNumber := map[int]line{}
	for x, k := range p.lineNumbers {
		byNumber[k] = x
	}
	p.lock.Unlock()
	texts := map[string]bool{}
	for i, word := range l {
		for ; word != 0; word &= word - 1 {
			x := byNumber[64*i+bits.TrailingZeros64(word)]
			texts[strings.TrimSpace(fmt.Sprintf("%s %s %s", p.named(x.about), x.verdict, x.remedy))] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(texts)), ", ")
}

// named is the name of the part that something is about.
func (p *proof) named(about int) string {
	if about == scenePart {
		return "scene"
	}
	return p.parts[min(about, unitPart)].name
}
