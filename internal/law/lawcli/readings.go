package lawcli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Readings prints where the words of the rulebooks leave a choice, and how they are read: the page internal/law/READINGS.md.
func Readings(stdout io.Writer) {
	fmt.Fprint(stdout, readingsHead)
	for _, id := range law.Embedded().Rulebooks() {
		fmt.Fprintf(stdout, "\n## %s\n", id)
		for _, r := range law.Embedded().Readings(id) {
			printReading(stdout, r)
		}
	}
}

const readingsHead = `# Readings

Where the words of a rulebook leave a choice, this is what they are taken to mean unless an organ's legal department decides otherwise.
Defaults are strict. A reading is set by the role named, with a second person, a memo and a date from which it holds; rulings given
before keep the reading they were given under. Lines marked *fixed* nobody may move. This page is made from the rulebooks' data by
` + "`make generate`" + `.
`

func printReading(w io.Writer, r law.ReadingInfo) {
	fmt.Fprintf(w, "\n### %s\n\n%s\n\n%s\n\n", r.ID, r.Asks.ZH, r.Asks.EN)
	fmt.Fprintf(w, "- default: %s; %s\n", code(r.Default), choice(r))
	if r.Switchable {
		fmt.Fprintf(w, "- set by: %s and a second person\n", r.SetBy)
	} else {
		fmt.Fprintln(w, "- *fixed*: nobody may set it")
	}
	fmt.Fprintf(w, "- memo of the default: %s, valid from %s\n", r.Memo, r.ValidFrom.Format(time.DateOnly))
	fmt.Fprintf(w, "- used by: %s\n", strings.Join(r.UsedBy, " · "))
}

func choice(r law.ReadingInfo) string {
	switch {
	case r.Number:
		return "any whole number"
	case r.Words:
		return "any list of words"
	}
	options := make([]string, 0, len(r.Options))
	for _, o := range r.Options {
		options = append(options, code(o))
	}
	return "options: " + strings.Join(options, ", ")
}

func code(word string) string {
	if word == "" {
		return "empty"
	}
	return "`" + word + "`"
}
