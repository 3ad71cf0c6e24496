package lawcli_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law/lawcli"
)

const twoCases = `
cases:
  - name: a patrol
    at: 2026-03-02T08:00:00+08:00
    acts: [patrol]
    auxiliaries: [{id: a1, role: field, recording: off}]
    expect: {outcome: unmet, cites: ["cq-2021 17(2)"], obligations: {recording: unmet}, remedies: [start_recording]}
  - name: an act nobody knows
    at: 2026-03-02T08:00:00+08:00
    acts: [tea]
    auxiliaries: [{id: a1, role: field}]
    expect: {error: true}
`

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cases.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// rule runs `law rule` and reads the lines it prints.
func rule(t *testing.T, stdin string, files ...string) (code int, lines []map[string]any) {
	t.Helper()
	var out, errs bytes.Buffer
	code = lawcli.Rule(files, strings.NewReader(stdin), &out, &errs)
	for line := range strings.Lines(out.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, object)
	}
	return code, lines
}

func TestRulePrintsOneObjectACase(t *testing.T) {
	t.Parallel()
	code, lines := rule(t, twoCases, "-")
	if code != 0 || len(lines) != 2 {
		t.Fatal(code, lines)
	}
	first := lines[0]
	if first["file"] != "-" || first["name"] != "a patrol" || first["outcome"] != "unmet" {
		t.Errorf("%v", first)
	}
	if first["obligations"].(map[string]any)["recording"] != "unmet" || first["remedies"].([]any)[0] != "start_recording" {
		t.Errorf("%v", first)
	}
	for _, reason := range first["reasons"].([]any) {
		r := reason.(map[string]any)
		message := r["message"].(map[string]any)
		if r["citation"] == "" || r["fact"] == "" || message["zh"] == "" || message["en"] == "" {
			t.Errorf("%v", r)
		}
		remedy, printed := r["remedy"]
		if !printed || (remedy == nil) != (r["verdict"] == "permitted") {
			t.Errorf("remedy %v of %v", remedy, r)
		}
	}
	book := first["rulebooks"].([]any)[0].(map[string]any)
	if book["id"] != "cq-2021" || len(book["hash"].(string)) != 64 || first["advice"] == nil {
		t.Errorf("%v", first)
	}
	if second := lines[1]; second["error"] != `/acts/0: unknown act "tea"` || second["outcome"] != nil {
		t.Errorf("%v", second)
	}
}

func TestRuleSaysWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	code, lines := rule(t, "", filepath.Join(t.TempDir(), "none.yaml"), file(t, "cases: ["), file(t, "readings: {moon: full}"+twoCases))
	if code != 1 || len(lines) != 4 {
		t.Fatal(code, lines)
	}
	for i, want := range []string{"no such file", "not YAML", "unknown reading", "unknown reading"} {
		if !strings.Contains(lines[i]["error"].(string), want) {
			t.Errorf("%v, want %s", lines[i], want)
		}
	}
}

func TestTestCountsDifferences(t *testing.T) {
	t.Parallel()
	wrong := strings.Replace(twoCases, "outcome: unmet", "outcome: permitted", 1)
	for _, c := range []struct {
		text string
		code int
		want []string
	}{
		{twoCases, 0, []string{"2 passed, 0 failed\n"}},
		{wrong, 1, []string{"a patrol: outcome: expected permitted, got unmet", "1 passed, 1 failed\n"}},
		{strings.Replace(twoCases, "expect: {error: true}", "expect: {outcome: permitted}", 1), 1, []string{`an act nobody knows: refused: /acts/0: unknown act "tea"`}},
		{"cases: [", 1, []string{"not YAML", "0 passed, 1 failed\n"}},
	} {
		var out, errs bytes.Buffer
		code := lawcli.Test([]string{file(t, c.text)}, nil, &out, &errs)
		for _, want := range c.want {
			if code != c.code || !strings.Contains(out.String(), want) {
				t.Errorf("%d %s, want %s", code, out.String(), want)
			}
		}
	}
}

func TestCheckPrintsTheAnalysis(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	for _, dir := range []string{"../instruments", "../instruments/cq-2021", "../instruments/henan-2020"} {
		out.Reset()
		if code := lawcli.Check(dir, &out, &errs); code != 0 || !strings.HasPrefix(out.String(), "no problems") {
			t.Errorf("%s: %d %s", dir, code, out.String())
		}
	}
	bad := filepath.Join(t.TempDir(), "lakeside-2020")
	if err := os.CopyFS(bad, os.DirFS("../instruments/cq-2021")); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	code := lawcli.Check(bad, &out, &errs)
	if code != 1 || !strings.Contains(out.String(), `lakeside-2020/instrument.yaml: line 1: /: id "cq-2021" differs`) ||
		!strings.HasSuffix(out.String(), "1 problem: this rulebook is refused\n") {
		t.Errorf("%d %s", code, out.String())
	}
	for _, dir := range []string{filepath.Join(bad, "nowhere"), filepath.Join(bad, "art15.yaml")} {
		errs.Reset()
		if code := lawcli.Check(dir, &out, &errs); code != 2 || !strings.Contains(errs.String(), "is not a folder") {
			t.Errorf("%d %s", code, errs.String())
		}
	}
}

func TestExplainIsForAPerson(t *testing.T) {
	t.Parallel()
	for act, wants := range map[string][]string{
		"stop-and-question": {
			"盘查 · stop and question", "led by a people's police officer", "cq-2021 16(2)", "盘查、堵控、监控、看管违法犯罪嫌疑人", "lead_officer", "[art16_lead=presence", "cq-2021 19¶2",
			"\n  art16_lead=presence\n    “带领”是要求人民警察在场，还是远程带领即可？\n    Does \"带领\" ask for the officer's presence",
		},
		"patrol":      {"A field auxiliary may do this.", "officer_en_route"},
		"case-review": {"No auxiliary may do this."},
	} {
		var out, errs bytes.Buffer
		if code := lawcli.Explain(act, "cq-2021", &out, &errs); code != 0 {
			t.Error(code, errs.String())
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s does not say %s:\n%s", act, want, out.String())
			}
		}
	}
	for act, want := range map[string]string{"scene": "acts: scene-examination-support, scene-order, scene-protection\n", "zz": "acts: clerical-assistance, "} {
		var out, errs bytes.Buffer
		if code := lawcli.Explain(act, "cq-2021", &out, &errs); code != 1 || !strings.Contains(errs.String(), want) {
			t.Errorf("%d %s", code, errs.String())
		}
	}
}

func TestWrongCalls(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if lawcli.Rule(nil, nil, &out, &errs) != 2 || lawcli.Test(nil, nil, &out, &errs) != 2 || !strings.Contains(errs.String(), "name case files") {
		t.Error(errs.String())
	}
}

func TestCoverageIsForALawyer(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := lawcli.Coverage("cq-2021", &out, &errs); code != 0 {
		t.Fatal(code, errs.String())
	}
	for _, want := range []string{
		"cq-2021\n重庆市公安机关警务辅助人员条例 · Chongqing", "cq-2021 16  from 2021-09-01\n",
		"  16(2)  盘查、堵控、监控、看管违法犯罪嫌疑人\n      permits_led for field auxiliaries: stop-and-question 盘查 · ",
		"      asks for lead_officer (start): ", "art16_lead=presence",
		"      asks for officer_en_route (start) when tags=injury|alcohol|party_asks_officer: ",
		"      asks for recording (start) for 15-15(4), 16, 17(4): ",
		"      prohibited when tags=counter_terrorism; but scene-order, ", "rescue: needs_human\n",
		"      prohibited when signatory=auxiliary for 16, minor-accident-guidance, ",
		"      equipment restraint, carry use for field auxiliaries: listed\n", "      advises refresher_overdue: ",
		"  1  为了规范", "      traced not_ours: 说明立法目的", "national-traffic-duty 72  from 2009-01-01\n",
		"\ncq-2021: 44 articles, 123 units: ", " ruled on, ", " traced: not_ours ", "\nnational-continued-questioning: ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if code := lawcli.Coverage("nowhere-2020", &out, &errs); code != 1 || !strings.Contains(errs.String(), `unknown rulebook "nowhere-2020", want one of cq-2021`) {
		t.Errorf("%d %s", code, errs.String())
	}
	if code := lawcli.Explain("patrol", "nowhere-2020", &out, &errs); code != 1 {
		t.Errorf("%d %s", code, errs.String())
	}
}

var update = flag.Bool("update", false, "write the page of the readings instead of comparing it (make generate)")

// The page that lawyers read is what the data says.
func TestReadingsPageIsCurrent(t *testing.T) {
	t.Parallel()
	const page = "../READINGS.md"
	var want bytes.Buffer
	lawcli.Readings(&want)
	if *update {
		if err := os.WriteFile(page, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Errorf("internal/law/READINGS.md is not current, mend with make generate (%v)", err)
	}
	for _, text := range []string{"## cq-2021\n", "### street_id_check\n\n街面查验身份证件属于“盘查”", "- default: `6`; any whole number\n", "- default: empty; any list of words\n", "- *fixed*: nobody"} {
		if !strings.Contains(want.String(), text) {
			t.Errorf("it does not say %q", text)
		}
	}
}
