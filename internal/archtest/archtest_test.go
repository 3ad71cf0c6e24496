package archtest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"
)

// These tests are inside the package because the rules are its own business and nobody's API.

func report(t *testing.T, violations []string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}

var repository = os.DirFS("../..")

func TestTheRepositoryKeepsItsRules(t *testing.T) {
	files, err := readTree(repository)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files were read; this test does not stand in the repository", len(files))
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) { report(t, rule(files), nil) })
	}
}

func TestListedTimersAreThere(t *testing.T) {
	for _, timer := range timers {
		if _, err := os.Stat("../../" + timer.file); err != nil {
			t.Error(err)
		}
	}
}

func TestATestOfATimerIsInABubble(t *testing.T) {
	for source, want := range map[string]bool{
		"func TestX(t *testing.T) { synctest.Test(t, nil) }": true, "func TestX(t *testing.T) { time.Sleep(1) }": false, "func TestY(t *testing.T) { synctest.Test(t, nil) }": false,
	} {
		files, err := readTree(fstest.MapFS{"x/x_test.go": {Data: []byte("package x\n" + source)}})
		if err != nil || files[0].bubbles("TestX") != want {
			t.Errorf("%s: %v, %v", source, !want, err)
		}
	}
}

func TestPinnedModules(t *testing.T) {
	gomod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	violations, err := wrongVersions(gomod)
	report(t, violations, err)
}

func TestDocumentsNamePathsThatExist(t *testing.T) {
	for _, document := range []string{"ARCHITECTURE.md", "README.md", "README.zh-CN.md", "CONTRIBUTING.md"} {
		t.Run(document, func(t *testing.T) {
			violations, err := missingPaths(repository, document)
			report(t, violations, err)
		})
	}
}

func TestDocumentsNameTestsThatExist(t *testing.T) {
	files, err := readTree(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{"ARCHITECTURE.md", "README.md", "README.zh-CN.md", "CONTRIBUTING.md", "internal/dispatch/STATES.md"} {
		text, err := os.ReadFile("../../" + document)
		report(t, missingTests(document, text, files), err)
	}
}

func TestTheExampleSettingsAreComplete(t *testing.T) {
	config, err := os.ReadFile("../app/config.go")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../deploy/dutybound.env")
	if len(names(settingTag, config)) == 0 {
		t.Fatal("internal/app/config.go declares no setting; has Config moved?")
	}
	report(t, unlistedSettings(config, example), err)
}

// The contract is also linted by `make openapi` where npm is.
func TestTheContractIsValid(t *testing.T) {
	contract, err := openapi3.NewLoader().LoadFromFile("../../openapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

var rules = map[string]func([]file) []string{
	"floors": wrongImports, "law is pure": impureLaw, "banned imports": bannedImports, "served files": servedFiles, "skipped tests": skippedTests,
	"timers": unboundTimers, "tests of timers": untestedTimers,
}

// Every rule must be able to fail: each case plants one wrong file beside right ones and names what the rule has to say.
func TestTheRulesFindWhatIsWrong(t *testing.T) {
	const own = module + "/"
	for _, c := range []struct{ rule, name, source, says string }{
		{"floors", "internal/duty/x.go", `import _ "` + own + `internal/dispatch"`, `imports go down only, and floor "2 capabilities" is above "1 nouns"`},
		{"floors", "internal/feed/x.go", `import _ "` + own + `internal/roster"`, `both are on floor "2 capabilities"`},
		{"floors", "internal/attic/x.go", ``, "package internal/attic stands on no floor"},
		{"floors", "internal/app/x.go", `import _ "` + own + `internal/attic"`, "imports internal/attic: it stands on no floor"},
		{"floors", "internal/app/x.go", `import _ "` + own + `internal/testkit"`, "it is for tests only"},
		{"floors", "api/x.go", `import _ "` + own + `internal/duty"`, "api is a contract and imports nothing of this project"},
		{"floors", "internal/roster/x_windows.go", `import _ "` + own + `internal/postgres"`, "imports go down only"},
		{"law is pure", "internal/law/x.go", `import _ "os"`, "internal/law/x.go imports os: the law core is facts in"},
		{"law is pure", "internal/law/deep/x.go", `import _ "net/http"`, "imports net/http"},
		{"law is pure", "internal/law/x.go", `import _ "` + own + `internal/fault"`, "imports " + own + "internal/fault"},
		{"law is pure", "internal/law/x.go", "import clock \"time\"\nvar now = clock.Now", "internal/law/x.go:3: time.Now: the law core takes the time as a fact"},
		{"law is pure", "internal/law/x.go", `import . "time"`, "time is imported without its name"},
		{"banned imports", "internal/app/x.go", `import _ "firebase.google.com/go/v4/messaging"`, "it stays behind one package"},
		{"banned imports", "internal/app/x.go", `import _ "github.com/gofiber/fiber/v2/middleware/filesystem"`, "it ignores Range"},
		{"served files", "internal/httpapi/x.go", `var _ = c.SendFile`, "internal/httpapi/x.go:2: SendFile: serve embedded files"},
		{"timers", "internal/shift/x.go", "import \"time\"\nvar _ = time.NewTicker", "internal/shift/x.go:3: time.NewTicker: what waits for time is listed"},
		{"timers", "internal/httpapi/x.go", "import clock \"time\"\nvar _ = clock.Sleep", "internal/httpapi/x.go:3: clock.Sleep: what waits"},
		{"timers", "internal/legal/x.go", "import \"" + own + "internal/duty\"\nvar _ = duty.Rounds{}", "duty.Rounds: what waits for time is listed"},
		{"tests of timers", "internal/safety/sweep.go", "", "internal/safety/sweep.go: what it waits for is shown by no TestWhoSaysNothingIsAskedMissedAndLookedFor in a bubble"},
		{"skipped tests", "internal/duty/x_test.go", `func f() { t.Skipf("no") }`, "internal/duty/x_test.go:2: Skipf: a skipped test proves nothing"},
	} {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			files, err := readTree(fstest.MapFS{
				c.name:                         {Data: []byte("package x\n" + c.source)},
				"internal/law/right.go":        {Data: []byte("package law\nimport \"time\"\nvar _ = time.UTC")},
				"internal/push/fcm/right.go":   {Data: []byte(`package fcm; import _ "firebase.google.com/go/v4"`)},
				"internal/app/right.go":        {Data: []byte(`package app; import _ "` + own + `internal/postgres"; import _ "` + own + `api"`)},
				"internal/duty/right_test.go":  {Data: []byte(`package duty_test; import _ "` + own + `internal/app"`)},
				"internal/law/testdata/bad.go": {Data: []byte(`not Go`)},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := rules[c.rule](files)
			if len(got) != 1 || !strings.Contains(got[0], c.says) {
				t.Errorf("want one violation with %q, got %q", c.says, got)
			}
		})
	}
}

func TestTheVersionRuleFindsWhatIsWrong(t *testing.T) {
	for source, says := range map[string]string{
		"module m\nrequire github.com/valyala/fasthttp v1.78.0": "fasthttp is v1.78.0, it stays v1.51.0",
		"module m": "fasthttp is not required",
	} {
		got, err := wrongVersions([]byte(source))
		if err != nil || len(got) != 1 || !strings.Contains(got[0], says) {
			t.Errorf("want %q, got %q, %v", says, got, err)
		}
	}
}

func TestTheSettingsRuleFindsWhatIsWrong(t *testing.T) {
	got := unlistedSettings([]byte("A string `env:\"BOTH\"`\nB int `help:\"x\" env:\"UNLISTED\" name:\"b\"`"), []byte("#BOTH=1\nGONE=\n# prose\n"))
	want := []string{"UNLISTED is a setting, but deploy/dutybound.env does not list it", "GONE stands in deploy/dutybound.env, but is no setting"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestTheTestRuleFindsWhatIsWrong(t *testing.T) {
	files, err := readTree(fstest.MapFS{"x/x_test.go": {Data: []byte("package x\nfunc TestThere() {}")}, "x/x.go": {Data: []byte("package x\nfunc TestElsewhere() {}")}})
	if err != nil {
		t.Fatal(err)
	}
	got := missingTests("A.md", []byte("`TestThere`, `TestGone`, `TestElsewhere`, TestProse"), files)
	if !slices.Equal(got, []string{"A.md names TestGone, which does not exist", "A.md names TestElsewhere, which does not exist"}) {
		t.Errorf("got %q", got)
	}
}

func TestThePathRuleFindsWhatIsWrong(t *testing.T) {
	root := fstest.MapFS{
		"A.md":              {Data: []byte("see `internal/law`, `internal/law/`, `internal/gone/x.go`, `cmd/dutybound serve`, internal/prose")},
		"internal/law/a.go": {},
	}
	got, err := missingPaths(root, "A.md")
	if err != nil || len(got) != 1 || !strings.Contains(got[0], "A.md names internal/gone/x.go") {
		t.Errorf("got %q, %v", got, err)
	}
}
