package main

import (
	"os"
	"runtime"

	"github.com/dutybound/dutybound/internal/law/lawcli"
	"github.com/dutybound/dutybound/internal/law/prove"
)

type lawCommand struct {
	Rule    lawRuleCommand    `cmd:"" help:"Rule on the cases of YAML files ('-': standard input); one JSON object a case."`
	Test    lawTestCommand    `cmd:"" help:"Rule on the cases of YAML files and compare with what they expect."`
	Check   lawCheckCommand   `cmd:"" help:"Analyse a folder of rulebooks: every fault with file, item and reason."`
	Explain lawExplainCommand `cmd:"" help:"Explain an act: its clauses, conditions and words."`
	Prove   lawProveCommand   `cmd:"" help:"Hold what rulebooks state about themselves to every combination of facts."`

	Backtest backtestCommand    `cmd:"" help:"Try other readings or another edition on the stored facts: what would have been decided?"`
	Readings lawReadingsCommand `cmd:"" help:"Print where the words of the rulebooks leave a choice, how they are read, and who may set it."`
	Coverage lawCoverageCommand `cmd:"" help:"Print for every unit of a rulebook its words and what is made of them: the rule, or why there is none."`
}

// ended turns the exit code of a tool of the law into the program's.
func ended(code int) error {
	if code == 0 {
		return nil
	}
	return exitCode(code)
}

type caseFiles struct {
	Files []string `arg:"" help:"Case files; '-' is standard input."`
}

type lawRuleCommand struct{ caseFiles }

func (c lawRuleCommand) Run() error {
	return ended(lawcli.Rule(c.Files, os.Stdin, os.Stdout, os.Stderr))
}

type lawTestCommand struct{ caseFiles }

func (c lawTestCommand) Run() error {
	return ended(lawcli.Test(c.Files, os.Stdin, os.Stdout, os.Stderr))
}

type lawCheckCommand struct {
	Dir string `arg:"" help:"Folder with a folder for each instrument." type:"existingdir"`
}

func (c lawCheckCommand) Run() error { return ended(lawcli.Check(c.Dir, os.Stdout, os.Stderr)) }

type lawExplainCommand struct {
	Act      string `arg:"" help:"Code of the act, such as stop-and-question."`
	Rulebook string `help:"Rulebook to explain it by." default:"cq-2021"`
}

func (c lawExplainCommand) Run() error {
	return ended(lawcli.Explain(c.Act, c.Rulebook, os.Stdout, os.Stderr))
}

type lawReadingsCommand struct{}

func (lawReadingsCommand) Run() error {
	lawcli.Readings(os.Stdout)
	return nil
}

type lawCoverageCommand struct {
	Rulebook string `arg:"" optional:"" help:"Rulebook to trace." default:"cq-2021"`
}

func (c lawCoverageCommand) Run() error {
	return ended(lawcli.Coverage(c.Rulebook, os.Stdout, os.Stderr))
}

type lawProveCommand struct {
	Rulebooks []string `arg:"" optional:"" name:"rulebook" help:"Ids such as cq-2021, or folders; none: all that come with the program."`
	Act       []string `help:"Only these acts."`
}

func (c lawProveCommand) Run() error {
	o := prove.Options{Workers: runtime.GOMAXPROCS(0), Acts: c.Act}
	return ended(lawcli.Prove(c.Rulebooks, o, os.Stdout, os.Stderr))
}
