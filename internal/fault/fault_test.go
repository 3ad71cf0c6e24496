package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/fault"
)

// TestACauseIsForTheLogAlone: what a person may read of an error never holds its cause; errors.Is still finds it.
func TestACauseIsForTheLogAlone(t *testing.T) {
	t.Parallel()
	cause := errors.New("password=hunter2")
	public := fault.New(fault.Unavailable, "not_durable", "暂时无法保存", "cannot be kept just now")
	err := fmt.Errorf("dispatch: %w", public.Because(cause))
	var known *fault.Error
	if !errors.As(err, &known) || !errors.Is(err, cause) {
		t.Fatalf("%v lost its parts", err)
	}
	for _, text := range []string{known.ZH, known.EN, known.Code} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%q tells the cause", text)
		}
	}
	if !strings.Contains(err.Error(), "hunter2") {
		t.Error("the log does not hear the cause")
	}
	if errors.Is(public, cause) {
		t.Error("the cause stuck to the shared error")
	}
}

// TestWhatIsNoFaultIsInternal: an unknown error is our own failure, never somebody's bad request.
func TestWhatIsNoFaultIsInternal(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]fault.Kind{
		errors.New("anything"):                                      fault.Internal,
		fault.Missing("task"):                                       fault.NotFound,
		fault.BadField("body/x", ""):                                fault.Invalid,
		fmt.Errorf("w: %w", fault.New(fault.Conflict, "c", "", "")): fault.Conflict,
	} {
		if got := fault.KindOf(err); got != want {
			t.Errorf("%v is of kind %d, want %d", err, got, want)
		}
	}
}

// TestABadFieldIsNamed in the fields and in the log's line.
func TestABadFieldIsNamed(t *testing.T) {
	t.Parallel()
	err := fault.BadField("body/acts/0", "is unknown")
	if len(err.Fields) != 1 || err.Fields[0] != (fault.Field{Field: "body/acts/0", Message: "is unknown"}) {
		t.Errorf("fields %v", err.Fields)
	}
	if !strings.Contains(err.Error(), "body/acts/0: is unknown") {
		t.Errorf("the log reads %q", err)
	}
}
