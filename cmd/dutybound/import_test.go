package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// TestAFileOfPeopleFromTheCommandLine: a dry run writes nothing, a bad row imports nobody, a good file imports everybody once.
func TestAFileOfPeopleFromTheCommandLine(t *testing.T) {
	t.Parallel()
	database := durable(t).URL("")
	o := office{t, []string{"--database-url", database}}
	run(t, "migrate", "--database-url", database).says(t, 0)
	o.admin("post", "response", "接处警", "cq-2021 15(1)").says(t, 0)
	o.enters(staff...)
	file := func(text string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "people.csv")
		// As the office's Excel writes it.
		content := must[string](t)(simplifiedchinese.GB18030.NewEncoder().String(text))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("编号;姓名;类别;单位代码\nFJ32001;赵六;勤务辅警;" + station + "\nFJ31001;李四;勤务辅警;" + station + "\n")
	bad := file("编号,姓名,类别,单位代码\nFJ32002,钱七,勤务辅警," + station + "\nFJ32003,孙八,协警,000000000000\n")

	o.admin("import", good, "--dry-run").says(t, 0, "2 rows: 1 added, 0 changed, 1 unchanged (dry run: nothing was written)")
	o.admin("import", bad).says(t, 1, "nothing was imported", bad+`:3: class "协警": 应为`, bad+`:3: organ "000000000000": 没有此单位代码`)
	o.admin("import", good).says(t, 0, "2 rows: 1 added, 0 changed, 1 unchanged")
	o.admin("import", good).says(t, 0, "2 rows: 0 added, 0 changed, 2 unchanged")
	o.admin("status", "FJ32002", "suspended", "--reason=试验").fails(t, "person not found") // of the bad file, who never came in
	o.admin("import", file("")).fails(t, "the file has no header")
	o.admin("import", filepath.Join(t.TempDir(), "nowhere.csv")).fails(t, "nowhere.csv")
}
