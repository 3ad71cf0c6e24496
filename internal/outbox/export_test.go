package outbox

import (
	"context"

	"github.com/google/uuid"
)

// Verify reads a record and holds its signature to a key, as an upload does.
func Verify(jws string, by Signer) (Record, error) {
	e, err := open(jws)
	if err != nil {
		return Record{}, err
	}
	return e.record, e.madeBy(by)
}

// Take decides on records as an upload does.
func Take(c Chain, of Signer, records []Record, s *Service) (Intake, error) {
	in := intake{Chain: c, of: of, newID: s.newID}
	return in.take(records)
}

// ApplyNow applies what an upload has brought, for as long as it can wait.
func (s *Service) ApplyNow(ctx context.Context, device uuid.UUID) { s.applyNow(ctx, device) }
