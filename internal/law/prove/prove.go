// Package prove holds statements about a rulebook to every combination of facts that one act of a task can have, by the law core's
// own rulings. It owns the space of facts, how it is folded and walked, and the search for the smallest counter-example.
//
// What is covered: each act of the catalogue by itself, at each date from which the law is another, in each role, phase, status,
// set of tags and kind of case; every fact of the auxiliary and of the task; officers in every state up to the largest number
// that a clause counts; auxiliaries up to that number, all alike; every set of equipment, vehicles and qualifications; readings as
// they are by default, with one item on each list the organ keeps. Not covered: several acts in one task, auxiliaries who differ,
// other readings; the property tests of package law draw those at random.
//
// How the space is folded. (1) Acts, roles, tags and kinds of case that the compiled rulebook cannot tell apart (law.Sights) are one
// sight. (2) In each scene of a sight (see scene) the other facts fall into parts that no two conditions share, so what a ruling
// says is the union of what it says of each part, and its outcome the worst of them. Each part is ruled on by itself, whole, and
// the statements are judged on these tables. (3) That the parts are independent is not taken on trust; where a ruling is not the
// union of its parts, the proof has failed.
//
// What of (3) is literal: in each scene, with one member of its sight, every value of every part beside every value of every other,
// with all else the plainest. Outcome, verdicts and remedies of all reasons, each with the part it is about, must be those of the two
// tables, so that a condition which reads facts of two parts together cannot escape. What is folded there: of vehicles and equipment a
// value is at most one thing; the unit is taken as each of its views (lead, numbers, on the way, command) sees it, a class of units
// that the view cannot tell apart being one value. What is walked beside it: each class of units that all views together tell apart,
// beside one combination of the other parts drawn at random; all combinations of the outcomes that the parts can come to, of which the
// outcome alone is held; and unfolded combinations with any member of the sight, drawn at random. What is drawn is always the same. A
// condition that needs three parts to show, and shows in no outcome, is left to these draws.
//
// Approvers' decisions are tried one by one beside each row of the tables, and all at once beside what is drawn.
package prove

import (
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Report is the result of a proof.
type Report struct {
	Rulebook   string
	Settings   law.Settings // it was proved under: law.Library.Sample
	Statements []Result
	Covered    *big.Int // combinations of facts, unfolded
	Walked     int64    // of which were ruled on, one by one
	Pairs      int64    // of these, two parts beside each other
	Scenes     int      // that they were folded into
}

// Result is one statement with its smallest counter-example.
type Result struct {
	law.Statement
	Counter *Counter // nil: it holds
}

// Counter refutes a statement: facts, or two sets of facts of which the second is worse.
type Counter struct {
	Cases []Case
	Why   string
}

// Case are facts and what the rulebook says to them.
type Case struct {
	Facts   *law.Facts
	Outcome law.Outcome
}

// Options of a proof.
type Options struct {
	Workers int      // how many goroutines share the walk; at least one
	Acts    []string // only these; empty: all
}

// Failed says whether a statement is refuted.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Statements, func(x Result) bool { return x.Counter != nil })
}

// proof is one rulebook while it is proved.
type proof struct {
	book     *law.Book
	core     core
	settings law.Settings
	reader   *law.Sights
	acts     []law.ActInfo
	parts    []part
	spoken   law.Tags // tags that statements speak of
	claims   []claim
	classes  []sight
	classOf  map[placed]int32
	scenes   []*ruledScene
	folds    []*folding // of the parts but the unit

	fallBack    string   // an act that is lawful in an emergency with no officer there; "": none is
	joints      sync.Map // of foldings
	lock        sync.Mutex
	unitFolds   map[asked]*folding
	lineNumbers map[line]int
	samples     int // of a scene

	// Both foldings, so that tests can show that a wrong one is found out.
	sightOf func(at time.Time, act string, role law.Role, tags law.Tags, k law.CaseKind) string
	see     func(asked) asked
	holds   bool             // that the parts are independent is tested; only tests of something else go without
	plays   func(scene) bool // every scene; tests that compare none have enough of a few
}

// core is what rules; in tests one that does not keep the parts apart.
type core interface {
	Rule(f *law.Facts) (law.Ruling, error)
	Decide(f *law.Facts) (law.Verdict, error)
	Findings(f *law.Facts, show func(*law.Finding)) (law.Outcome, error)
}

// worker rules and decides on a share of the scenes.
type worker struct {
	proof    *proof
	ruled    int64
	paired   int64
	smallest []*violation // by claim
	marks    map[*law.Finding]*mark
	all      lines              // found so far in the facts at hand
	see      func(*law.Finding) // adds to them
}

// independent is the statement that carries all others.
var independent = law.Statement{
	ID: "parts-are-independent",
	Says: law.Text{
		ZH: "每一结论都是各项事实单独得出的结论中最严的一个。",
		EN: "Each outcome is the worst of what each part of the facts comes to by itself.",
	},
}

// Run proves the statements of a rulebook. An id that is none, or settings it cannot take, are an *law.InputError.
func Run(lib *law.Library, id string, o Options) (*Report, error) {
	p, err := prepare(lib, id, o)
	if err != nil {
		return nil, err
	}
	return p.run(max(o.Workers, 1)), nil
}

func prepare(lib *law.Library, id string, o Options) (*proof, error) {
	settings, err := lib.Sample(id, listedItem)
	if err != nil {
		return nil, err
	}
	book, err := lib.Book(id, settings)
	if err != nil {
		return nil, err
	}
	statements, err := lib.Statements(id, settings.Entries)
	if err != nil {
		return nil, err
	}
	return newProof(book, settings, append([]law.Statement{independent}, statements...), o)
}

func newProof(book *law.Book, settings law.Settings, statements []law.Statement, o Options) (*proof, error) {
	p := &proof{
		book: book, core: book, settings: settings, reader: book.Sights(), classOf: map[placed]int32{}, unitFolds: map[asked]*folding{},
		lineNumbers: map[line]int{}, samples: samplesOfAScene, parts: parts(book.Units()),
		see: func(a asked) asked { return a }, holds: true, plays: func(scene) bool { return true },
	}
	p.sightOf = p.reader.Of
	for _, a := range book.Acts() {
		if p.fallBack == "" && p.standsAlone(a) {
			p.fallBack = a.Code
		}
		if len(o.Acts) == 0 || slices.Contains(o.Acts, a.Code) {
			p.acts = append(p.acts, a)
		}
	}
	for i := range p.parts {
		p.folds = append(p.folds, unfolded(&p.parts[i]))
	}
	for _, s := range statements {
		c, err := p.claim(s)
		if err != nil {
			return nil, err
		}
		p.claims = append(p.claims, c)
	}
	return p, nil
}

// standsAlone says whether a field auxiliary may do an act in an emergency with no officer there.
func (p *proof) standsAlone(a law.ActInfo) bool {
	moments := p.book.Moments()
	f := &law.Facts{
		At: moments[len(moments)-1], Phase: law.Start, Acts: []string{a.Code},
		Auxiliaries: []law.Auxiliary{{ID: "a1", Role: law.RoleField, Status: law.StatusActive}},
	}
	for i := range p.parts {
		p.parts[i].values[0].set(f)
	}
	f.Officers, f.Emergency = nil, true
	v, err := p.core.Decide(f)
	return err == nil && v.Outcome.Lawful()
}

func (p *proof) run(workers int) *Report {
	moments := p.book.Moments()
	for _, at := range moments {
		p.sights(at)
	}
	for i := range p.classes {
		slices.SortStableFunc(p.classes[i].members, func(x, y member) int {
			s := scene{sight: int32(i), status: law.StatusActive}
			return p.cost(s, x) - p.cost(s, y)
		})
		for _, s := range p.scenesOf(int32(i)) {
			if p.plays(s) {
				p.scenes = append(p.scenes, &ruledScene{scene: s})
			}
		}
	}
	team := make([]*worker, workers)
	for i := range team {
		team[i] = &worker{proof: p, smallest: make([]*violation, len(p.claims)), marks: map[*law.Finding]*mark{}}
		team[i].see = team[i].add
	}
	p.share(team, func(w *worker, i int) {
		p.scenes[i] = w.rule(p.scenes[i].scene)
		if p.holds {
			w.pairs(p.scenes[i])
			w.walk(p.scenes[i])
		}
		w.judge(p.scenes[i])
	})
	p.share(team, func(w *worker, i int) { w.compare(p.scenes[i]) })
	return p.report(team, moments)
}

// share lets the team take the scenes one after another.
func (p *proof) share(team []*worker, do func(*worker, int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for _, w := range team {
		wg.Go(func() {
			for i := range next {
				do(w, i)
			}
		})
	}
	for i := range p.scenes {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (p *proof) report(team []*worker, moments []time.Time) *Report {
	r := &Report{
		Rulebook: p.book.ID(), Settings: p.settings, Covered: p.covered(len(moments)), Scenes: len(p.scenes),
	}
	for _, w := range team {
		r.Walked += w.ruled
		r.Pairs += w.paired
	}
	for i := range p.claims {
		var smallest *violation
		for _, w := range team {
			smallest = smaller(smallest, w.smallest[i])
		}
		r.Statements = append(r.Statements, Result{p.claims[i].Statement, p.counter(smallest)})
	}
	return r
}

// covered is how many combinations there are before anything is folded.
func (p *proof) covered(moments int) *big.Int {
	tags := len(law.Tags(1<<16 - 1).Words())
	n := power(2, tags+2) // the two ways of restraint equipment in use are a set like the tags
	// The other facts of a scene: when, what, the role, phase, calm or not, status, kind of case.
	n.Mul(n, big.NewInt(int64(moments*len(p.acts)*3*3*2*4*3)))
	for i := range p.parts {
		n.Mul(n, p.parts[i].unfolded)
	}
	return n
}

func (p *proof) unitFold(a asked) *folding {
	a = p.see(a)
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.unitFolds[a] == nil {
		p.unitFolds[a] = foldUnit(&p.parts[unitPart], a)
	}
	return p.unitFolds[a]
}
