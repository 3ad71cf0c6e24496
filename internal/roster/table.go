package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/dutybound/dutybound/internal/law"
)

// MaxFile is the largest file of people that is taken, in bytes: some 150,000 people.
const MaxFile = 16 << 20

// columns are the headers of a file of people, in the order of the export. Either name is read, in any order; a column that is not
// there leaves what it would say as it is. A file may be UTF-8, with Excel's mark or without, or GB18030, and separated by commas,
// semicolons or tabs.
var columns = []column{
	{"number", "编号", true},
	{"name", "姓名", true},
	{"class", "类别", true},           // officer 民警, field_auxiliary 勤务辅警, civilian_auxiliary 文职辅警, other 其他
	{"organ", "单位代码", true},         // code of the organ
	{"status", "状态", false},         // active 在岗, suspended 停职, separated 离职; empty: as it is, active when new
	{"training", "岗位培训", false},     // post=passed/valid to/refresher due, joined by |; the later days may be left out
	{"qualifications", "资格", false}, // kind=valid to, joined by |
	{"equipment", "装备", false},      // class:item, joined by |
}

type column struct {
	name, zh string
	required bool
}

// row is one line of a file, by column.
type row struct {
	line  int
	cells map[string]string
}

// Problem is something wrong at one place of a file.
type Problem struct {
	Line    int      `json:"line"`
	Column  string   `json:"column,omitempty"` // empty: the whole line
	Value   string   `json:"value,omitempty"`  // as it stands there
	Message law.Text `json:"message"`
}

// readTable reads a file of people as far as it is a table. Problems of single lines are told; the error is one of the whole file.
func readTable(file []byte) (rows []row, bad []Problem, err error) {
	text, err := decode(file)
	if err != nil {
		return nil, nil, err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, nil, fileFault("文件没有表头", "the file has no header")
	}
	names, err := headers(header)
	if err != nil {
		return nil, nil, err
	}
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, bad, nil
		case err != nil:
			bad = append(bad, unreadable(err))
			continue
		}
		line, _ := r.FieldPos(0)
		if blank(record) {
			continue
		}
		if len(record) != len(names) {
			bad = append(bad, Problem{Line: line, Message: law.Text{
				ZH: fmt.Sprintf("有 %d 列，表头有 %d 列", len(record), len(names)),
				EN: fmt.Sprintf("has %d columns where the header has %d", len(record), len(names)),
			}})
			continue
		}
		rows = append(rows, rowOf(line, names, record))
	}
}

func rowOf(line int, names, record []string) row {
	r := row{line: line, cells: make(map[string]string, len(names))}
	for i, name := range names {
		r.cells[name] = strings.TrimSpace(disarmed(record[i]))
	}
	return r
}

// blank says that a line has nothing but separators, as spreadsheets leave below a table.
func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

func unreadable(err error) Problem {
	p := Problem{Message: law.Text{ZH: "引号不成对或位置有误", EN: "a quote is misplaced or not closed"}}
	var at *csv.ParseError
	if errors.As(err, &at) {
		p.Line = at.StartLine
	}
	return p
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// decode makes UTF-8 of a file. What is valid UTF-8 is that; anything else is GB18030, strictly: a character that neither has is
// refused and never replaced, or somebody's name would be changed.
func decode(file []byte) ([]byte, error) {
	if len(file) > MaxFile {
		return nil, fileFault(fmt.Sprintf("文件超过 %d MiB", MaxFile>>20), fmt.Sprintf("the file is larger than %d MiB", MaxFile>>20))
	}
	text := bytes.TrimPrefix(file, byteOrderMark)
	if !utf8.Valid(text) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return nil, fileFault("文件既不是 UTF-8 也不是 GB18030 编码", "the file is neither UTF-8 nor GB18030")
		}
		text = decoded
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, fileFault("文件含有空字符，请另存为 CSV", "the file holds NUL characters; save it as CSV")
	}
	return text, nil
}

// separator is what stands most often in the header, as Excel writes a comma, a semicolon or a tab by its country.
func separator(text []byte) rune {
	header, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(header, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// headers are the columns that a file has.
func headers(record []string) (names []string, err error) {
	for _, cell := range record {
		i := slices.IndexFunc(columns, func(c column) bool {
			return strings.EqualFold(c.name, strings.TrimSpace(cell)) || c.zh == strings.TrimSpace(cell)
		})
		switch {
		case i < 0:
			return nil, fileFault(fmt.Sprintf("不认识的表头 %q", cell), fmt.Sprintf("unknown header %q", cell))
		case slices.Contains(names, columns[i].name):
			return nil, fileFault(fmt.Sprintf("表头 %q 重复", cell), fmt.Sprintf("header %q is there twice", cell))
		}
		names = append(names, columns[i].name)
	}
	for _, c := range columns {
		if c.required && !slices.Contains(names, c.name) {
			return nil, fileFault(fmt.Sprintf("缺少表头 %s（%s）", c.zh, c.name), fmt.Sprintf("header %s (%s) is missing", c.name, c.zh))
		}
	}
	return names, nil
}

// formula is what makes a spreadsheet take a cell for a formula; the wide forms are taken for one by some.
const formula = "=+-@\t\r＝＋－＠"

// armed says whether a cell would be run, once marks like ours before it are gone.
func armed(cell string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'"))
	return strings.ContainsRune(formula, first) && strings.TrimLeft(cell, "'") != ""
}

// disarm keeps a spreadsheet from running a cell; disarmed undoes exactly that.
func disarm(cell string) string {
	if armed(cell) {
		return "'" + cell
	}
	return cell
}

func disarmed(cell string) string {
	if armed(cell) {
		return strings.TrimPrefix(cell, "'")
	}
	return cell
}
