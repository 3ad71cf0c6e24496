package demo_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/demo"
)

var signInLine = regexp.MustCompile(`\(sign_in (\w+)\s+([0-9a-f-]{36})\)`)

func TestTheReadmeSignsInOnDevicesThatExist(t *testing.T) {
	t.Parallel()
	lines := signInLine.FindAllStringSubmatch(read(t, "../../README.md"), -1)
	if len(lines) == 0 {
		t.Fatal("README.md signs nobody in any more; does this test still fit it?")
	}
	for _, line := range lines {
		if account, ok := demo.Cast().Find(line[1]); !ok || account.Device.String() != line[2] {
			t.Errorf("README.md signs %s in on %s, the demo has %v", line[1], line[2], account.Device)
		}
	}
}

func TestTheContractsExampleSignsSomebodyIn(t *testing.T) {
	t.Parallel()
	example := regexp.MustCompile(`person_number: '(\w+)', password: '([\w-]+)', device: ([0-9a-f-]{36})`).
		FindStringSubmatch(read(t, "../../openapi/openapi.yaml"))
	if example == nil {
		t.Fatal("openapi.yaml has no example of a sign-in any more; does this test still fit it?")
	}
	account, ok := demo.Cast().Find(example[1])
	if !ok || example[2] != demo.Password || example[3] != account.Device.String() {
		t.Errorf("the example is %v, the demo has %v", example[1:], account.Device)
	}
}

func TestTheChineseReadmeListsTheCast(t *testing.T) {
	t.Parallel()
	readme := read(t, "../../README.zh-CN.md")
	for _, a := range demo.Cast() {
		if row := fmt.Sprintf("| `%s` | %s | %s |", a.Number, a.Name, a.Part); !strings.Contains(readme, row) {
			t.Errorf("README.zh-CN.md lacks the row %s", row)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	return string(text)
}
