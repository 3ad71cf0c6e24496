package lawcli

import (
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/prove"
)

// Prove holds the statements of rulebooks to all combinations of facts, and reports 1 when one is refuted. No names: the rulebooks
// that come with the program. A name may also be a folder, as for Check.
func Prove(names []string, o prove.Options, stdout, stderr io.Writer) int {
	if len(names) == 0 {
		names = law.Embedded().Rulebooks()
	}
	code := exitGood
	for _, name := range names {
		for _, r := range proved(name, o) {
			if r.err != nil {
				fmt.Fprintf(stderr, "law prove: %s: %v\n", name, r.err)
				return exitUsage
			}
			printProof(stdout, r.report)
			if r.report.Failed() {
				code = exitBad
			}
		}
	}
	return code
}

// proof is the report on one rulebook, or why there is none.
type proof struct {
	report *prove.Report
	err    error
}

func proved(name string, o prove.Options) []proof {
	lib, ids := law.Embedded(), []string{name}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		root, folders, err := instruments(name)
		if err == nil {
			lib, err = law.Load(os.DirFS(root), folders...)
		}
		if err != nil {
			return []proof{{err: err}}
		}
		ids = folders
		if ids == nil {
			ids = lib.Rulebooks()
		}
	}
	list := make([]proof, 0, len(ids))
	for _, id := range ids {
		report, err := prove.Run(lib, id, o)
		list = append(list, proof{report, err})
	}
	return list
}

func printProof(w io.Writer, r *prove.Report) {
	fmt.Fprintf(w, "%s: %s combinations of facts, folded into %d scenes; %s rulings made, %s of them on pairs of parts\n",
		r.Rulebook, grouped(r.Covered), r.Scenes, grouped(big.NewInt(r.Walked)), grouped(big.NewInt(r.Pairs)))
	refuted := 0
	for _, s := range r.Statements {
		verdict := "holds  "
		if s.Counter != nil {
			verdict = "REFUTED"
			refuted++
		}
		fmt.Fprintf(w, "%s  %s%s\n         %s\n         %s\n", verdict, s.ID, clause(s.Clause), s.Says.ZH, s.Says.EN)
		if s.Counter != nil {
			printCounter(w, r, s)
		}
	}
	fmt.Fprintf(w, "%s: %d hold, %d refuted\n", r.Rulebook, len(r.Statements)-refuted, refuted)
}

// printCounter prints the smallest counter-example, which `law rule -` reads as it is: what is not the case file is a comment.
func printCounter(w io.Writer, r *prove.Report, s prove.Result) {
	if s.Counter.Why != "" {
		fmt.Fprintf(w, "# %s\n", s.Counter.Why)
	}
	fmt.Fprint(w, r.YAML(s))
}

func clause(citation string) string {
	if citation == "" {
		return ""
	}
	return "  [" + citation + "]"
}

// grouped writes a number with its digits in groups of three.
func grouped(n *big.Int) string {
	digits := n.String()
	var text strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			text.WriteByte(',')
		}
		text.WriteRune(d)
	}
	return text.String()
}
