// Package fault is the one error type that crosses rooms: what kind of failure it is, what a person may be told about it, and
// the cause that only the log sees.
package fault

import (
	"errors"
	"fmt"
)

// Kind is what went wrong, in words every floor understands. The HTTP status of each kind is decided in one table in httpapi.
type Kind uint8

const (
	Internal        Kind = iota // our own failure; nothing of it is shown
	Invalid                     // the request is malformed; Fields says where
	Unauthenticated             // no session, or no longer one
	Forbidden                   // the actor can see the thing and may not do this to it
	NotFound                    // no such thing within the actor's sight; a foreign id and a missing one look the same
	Conflict                    // the thing is not in a state that allows this
	Running                     // the same command is being carried out right now
	Mismatch                    // the command id was used before for something else
	TooMany                     // slow down
	Unavailable                 // the server cannot write durably; try again
)

// Error is a failure in three parts. ZH and EN are for people; Fields locate bad input; cause is for the log only.
type Error struct {
	Kind   Kind
	Code   string // stable, snake_case: "task_not_started"
	ZH, EN string
	Fields []Field
	cause  error
}

// Field is one bad place of a request: "body/acts/0" and what is wrong there.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// New makes an error of a kind with a stable code and a message in both languages.
func New(kind Kind, code, zh, en string) *Error {
	return &Error{Kind: kind, Code: code, ZH: zh, EN: en}
}

// BadField is the error for one bad place of a request.
func BadField(field, message string) *Error {
	e := New(Invalid, "invalid_request", "请求内容有误", "the request is not valid")
	e.Fields = []Field{{field, message}}
	return e
}

// Missing is the answer for every id that the actor cannot see, whether it exists or not.
func Missing(what string) *Error {
	return New(NotFound, "not_found", "未找到", what+" not found")
}

// Because returns a copy of the error that carries a cause for the log.
func (e *Error) Because(cause error) *Error {
	withCause := *e
	withCause.cause = cause
	return &withCause
}

func (e *Error) Error() string {
	text := e.Code + ": " + e.EN
	for _, f := range e.Fields {
		text += fmt.Sprintf(" [%s: %s]", f.Field, f.Message)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// KindOf says what kind of failure err is; anything that is no fault.Error is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
