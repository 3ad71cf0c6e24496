package simulate

import (
	"fmt"
	"io"

	"github.com/google/uuid"
)

// Tally counts the hard moments that were played to the end.
type Tally struct {
	Restraints int     `json:"restraint_uses"`
	Unordered  int     `json:"restraint_uses_without_an_order"`
	UsedAway   int     `json:"restraint_uses_without_network"`
	Recusals   int     `json:"recusals"`
	Granted    int     `json:"recusals_granted"`
	Replaced   int     `json:"recused_replaced"`
	Objections int     `json:"objections"`
	Checks     int     `json:"checks_answered"`
	LookedFor  int     `json:"silent_members"`
	Calls      int     `json:"calls_for_help"`
	CalledAway int     `json:"calls_without_network"`
	Repeated   int     `json:"calls_left_unanswered"`
	Thefts     int     `json:"stolen_phones"`
	LetIn      int     `json:"requests_of_thieves_let_in"`
	Refused    int     `json:"requests_of_thieves_refused"`
	Late       int     `json:"late_records"`
	Socket     float64 `json:"slowest_socket_ms"` // of a stolen phone, after it was revoked
	Released   int     `json:"late_records_released"`
}

func (e *Evidence) tally() (t Tally) {
	t.Restraints, t.Recusals, t.Objections, t.Calls, t.Thefts = len(e.Uses), len(e.Recusals), len(e.Objected), len(e.Calls), len(e.Thefts)
	for _, u := range e.Uses {
		count(&t.Unordered, !u.Ordered)
		count(&t.UsedAway, u.Offline)
	}
	for _, q := range e.Recusals {
		count(&t.Granted, q.Granted)
		count(&t.Replaced, q.Instead != uuid.Nil)
	}
	for _, w := range e.Watched {
		t.Checks += w.Answers
		count(&t.LookedFor, w.Missed)
	}
	for _, c := range e.Calls {
		count(&t.CalledAway, c.Offline)
		count(&t.Repeated, c.Repeated)
	}
	for _, stolen := range e.Thefts {
		t.LetIn += stolen.Accepted
		t.Refused += stolen.Refused
		t.Late += len(stolen.Late)
		for _, after := range stolen.Sockets {
			t.Socket = max(t.Socket, milliseconds(after))
		}
		for _, l := range stolen.Late {
			count(&t.Released, l.Released)
		}
	}
	return t
}

func count(n *int, is bool) {
	if is {
		*n++
	}
}

func (t Tally) tell(to io.Writer) {
	fmt.Fprintf(to, "  restraint: %d uses, %d without an order, %d of them without network; recusals: %d, %d granted, %d replaced; objections: %d\n",
		t.Restraints, t.Unordered, t.UsedAway, t.Recusals, t.Granted, t.Replaced, t.Objections)
	fmt.Fprintf(to, "  checks: %d answers, %d silent and looked for; calls for help: %d, %d without network, %d left unanswered for a round\n",
		t.Checks, t.LookedFor, t.Calls, t.CalledAway, t.Repeated)
	fmt.Fprintf(to, "  stolen phones: %d, %d requests of thieves let in before and %d refused after, sockets closed after %.0f ms at the most; %d late records, %d released\n",
		t.Thefts, t.LetIn, t.Refused, t.Socket, t.Late, t.Released)
}
