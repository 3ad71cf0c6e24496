package law

import "fmt"

// InputError says that the facts cannot be ruled on at all: which field, as a pointer into the facts ("/auxiliaries/0/role"),
// and what is wrong with it. Line is the line in a case file, 0 elsewhere.
type InputError struct {
	Field   string
	Problem string
	Line    int
}

func (e *InputError) Error() string {
	at := e.Field
	if at == "" {
		at = "/"
	}
	if e.Line > 0 {
		at = fmt.Sprintf("line %d: %s", e.Line, at)
	}
	return at + ": " + e.Problem
}

func inputError(field, problem string, args ...any) *InputError {
	return &InputError{Field: field, Problem: fmt.Sprintf(problem, args...)}
}
