package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Directory is what a file of people may refer to: the organs that the actor manages, by code, and the posts.
type Directory struct {
	Organs map[string]duty.Organ
	Posts  map[string]bool
}

// Words of a file, in both languages; the first is written.
var (
	classNames = map[string]duty.Class{
		"民警": duty.Officer, "勤务辅警": duty.FieldAuxiliary, "文职辅警": duty.CivilianAuxiliary, "其他": duty.Other,
		"officer": duty.Officer, "field_auxiliary": duty.FieldAuxiliary, "civilian_auxiliary": duty.CivilianAuxiliary, "other": duty.Other,
	}
	statusNames = map[string]law.Status{
		"在岗": law.StatusActive, "停职": law.StatusSuspended, "离职": law.StatusSeparated,
		"active": law.StatusActive, "suspended": law.StatusSuspended, "separated": law.StatusSeparated,
	}
	vehicles = []string{"car", "motorcycle", "boat", "aircraft", "robot", "drone"}
)

// Limits of what a cell may say, as the contract has them.
const (
	maxNumber = 32
	maxName   = 64
	maxItem   = 100
)

// reading turns the rows of a file into entries, and notes each cell that cannot be read.
type reading struct {
	Directory
	row  row
	seen map[string]int // line of each number
	bad  []Problem
}

func (r *reading) refuse(column, zh, en string) {
	value := []rune(r.row.cells[column])
	r.bad = append(r.bad, Problem{
		Line: r.row.line, Column: column, Value: string(value[:min(len(value), maxItem)]), Message: law.Text{ZH: zh, EN: en},
	})
}

// entry reads one row. What is bad of it is noted, so the entry is only good when nothing was.
func (r *reading) entry(of row) Entry {
	r.row = of
	e := Entry{Number: r.text("number", maxNumber), Name: r.text("name", maxName), Class: classNames[of.cells["class"]]}
	if first, twice := r.seen[e.Number]; twice {
		r.refuse("number", fmt.Sprintf("与第 %d 行编号重复", first), fmt.Sprintf("is the number of line %d too", first))
	}
	r.seen[e.Number] = of.line
	if e.Class == "" {
		r.refuse("class", "应为 民警、勤务辅警、文职辅警 或 其他", "must be officer, field_auxiliary, civilian_auxiliary or other")
	}
	// An organ that is not the actor's to manage looks like one that does not exist.
	organ, known := r.Organs[of.cells["organ"]]
	if !known {
		r.refuse("organ", "没有此单位代码", "no organ has this code")
	}
	e.Organ = organ
	e.Status = r.status()
	e.Training = listed(r, "training", r.training)
	e.Qualifications = listed(r, "qualifications", r.qualification)
	e.Equipment = listed(r, "equipment", r.equipment)
	return e
}

func (r *reading) text(column string, most int) string {
	text := r.row.cells[column]
	switch n := len([]rune(text)); {
	case n == 0:
		r.refuse(column, "不能为空", "must not be empty")
	case n > most:
		r.refuse(column, fmt.Sprintf("超过 %d 字", most), fmt.Sprintf("is longer than %d characters", most))
	}
	return text
}

func (r *reading) status() *law.Status {
	text := r.row.cells["status"]
	if text == "" {
		return nil
	}
	status, known := statusNames[text]
	if !known {
		r.refuse("status", "应为 在岗、停职 或 离职", "must be active, suspended or separated")
	}
	return &status
}

// listed reads the parts of a cell; nil when the file has no such column.
func listed[T any](r *reading, column string, one func(string) (T, string)) *[]T {
	cell, there := r.row.cells[column]
	if !there {
		return nil
	}
	all, keys := []T{}, []string{}
	for _, part := range parts(cell) {
		value, key := one(part)
		if slices.Contains(keys, key) {
			r.refuse(column, key+" 重复", key+" is there twice")
		}
		all, keys = append(all, value), append(keys, key)
	}
	return &all
}

func (r *reading) training(part string) (t duty.Training, key string) {
	post, days := part, ""
	if i := strings.LastIndexByte(part, '='); i >= 0 { // a day has none, a post's code might
		post, days = part[:i], part[i+1:]
	}
	if !r.Posts[post] {
		r.refuse("training", "没有此岗位："+post, "no post has the code "+post)
	}
	dates := r.days("training", days, 3)
	t = duty.Training{Post: post, ValidTo: dates[1], RefresherDue: dates[2]}
	if dates[0] == nil {
		r.refuse("training", post+" 缺少合格日期", post+" lacks the day it was passed")
		return t, post
	}
	t.PassedOn = *dates[0]
	return t, post
}

func (r *reading) qualification(part string) (q duty.Qualification, key string) {
	kind, to, _ := strings.Cut(part, "=")
	if !slices.Contains(vehicles, kind) {
		r.refuse("qualifications", "应为 "+strings.Join(vehicles, "、"), "must be one of "+strings.Join(vehicles, ", "))
	}
	return duty.Qualification{Kind: kind, ValidTo: r.days("qualifications", to, 1)[0]}, kind
}

func (r *reading) equipment(part string) (e duty.Equipment, key string) {
	class, item, found := strings.Cut(part, ":")
	if err := e.Class.UnmarshalText([]byte(class)); err != nil || !found || item == "" || len([]rune(item)) > maxItem {
		r.refuse("equipment", "应为 类别:名称，如 restraint:约束带", "must be class:item, like restraint:约束带")
	}
	e.Item = item
	return e, part
}

// days reads days joined by slashes; what is left out is nil. Excel turns 2026-01-02 into 2026/1/2, which a list could not hold:
// within a list the day is written with hyphens.
func (r *reading) days(column, text string, most int) []*time.Time {
	dates := make([]*time.Time, most)
	if text == "" {
		return dates
	}
	for i, part := range strings.Split(text, "/") {
		if part == "" && i < most {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, part, China)
		if err != nil || i >= most || t.Year() < 1900 {
			r.refuse(column, "日期应写作 2026-01-02", "a day is written 2026-01-02")
			return dates
		}
		dates[i] = &t
	}
	return dates
}

// cellsOf writes a person as entry reads them.
func cellsOf(p duty.Person) []string {
	cells := []string{p.Number, p.Name, string(p.Class), p.Organ.Code, "", "", "", ""}
	if p.Status != law.StatusUnknown {
		cells[4] = p.Status.String()
	}
	var training, qualifications, equipment []string
	for _, t := range p.Training {
		days := []string{day(t.PassedOn), dayOrNone(t.ValidTo), dayOrNone(t.RefresherDue)}
		training = append(training, t.Post+"="+strings.TrimRight(strings.Join(days, "/"), "/"))
	}
	for _, q := range p.Qualifications {
		qualifications = append(qualifications, strings.TrimSuffix(q.Kind+"="+dayOrNone(q.ValidTo), "="))
	}
	for _, e := range p.Equipment {
		equipment = append(equipment, e.Class.String()+":"+e.Item)
	}
	cells[5], cells[6], cells[7] = joined(training), joined(qualifications), joined(equipment)
	for i := range cells {
		cells[i] = disarm(cells[i])
	}
	return cells
}

func dayOrNone(t *time.Time) string {
	if t == nil {
		return ""
	}
	return day(*t)
}

var escapes = strings.NewReplacer(`\`, `\\`, `|`, `\|`)

// joined puts a list into one cell; parts takes it apart again.
func joined(list []string) string {
	escaped := make([]string, len(list))
	for i, part := range list {
		escaped[i] = escapes.Replace(part)
	}
	return strings.Join(escaped, "|")
}

func parts(cell string) (list []string) {
	var part strings.Builder
	end := func() {
		if text := strings.TrimSpace(part.String()); text != "" {
			list = append(list, text)
		}
		part.Reset()
	}
	escaped := false
	for _, c := range cell {
		switch {
		case c == '\\' && !escaped:
			escaped = true
			continue
		case c == '|' && !escaped:
			end()
		default:
			part.WriteRune(c)
		}
		escaped = false
	}
	end()
	return list
}
