package httpapi

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
)

// What can be recorded without network is a command of the contract with an id of its own, or hours later it could be done twice.
func TestWhatCanBeRecordedIsACommand(t *testing.T) {
	t.Parallel()
	known := map[string]*operation{}
	for _, op := range contract() {
		known[op.Operation] = op
	}
	for name := range offline {
		if op := known[name]; op == nil || op.Method != http.MethodPost || !op.command || op.Public {
			t.Errorf("%s cannot be recorded: %+v", name, op)
		}
	}
}

// The operation of a path is the one that the router finds.
func TestTheOperationOfAPath(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	for path, want := range map[string]string{
		"/v1/observations": "observe", "/v1/tasks/" + id.String() + "/accept": "acceptTask", "/v1/tasks/" + id.String(): "", "/v1": "", "/v1/nothing": "",
	} {
		op := operationOn(path)
		if op == nil && want != "" || op != nil && op.Operation != want {
			t.Errorf("%s is %v, not %q", path, op, want)
		}
		if want == "acceptTask" && *targetOf(op, path) != id {
			t.Errorf("%s is about %s", path, targetOf(op, path))
		}
	}
}
