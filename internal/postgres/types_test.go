package postgres_test

import (
	"testing"

	"github.com/google/uuid"
)

func TestIdsTravelUnharmed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id, other := newID(), newID()
	var one uuid.UUID
	var none, some *uuid.UUID
	var many []uuid.UUID
	var same bool
	h.must(h.store.Pool().QueryRow(t.Context(), `SELECT $1::uuid, NULL::uuid, $2::uuid, $3::uuid[], $1::uuid::text = $4`,
		id, &other, []uuid.UUID{id, other}, id.String()).Scan(&one, &none, &some, &many, &same))
	if one != id || none != nil || *some != other || len(many) != 2 || many[1] != other || !same {
		t.Errorf("%v %v %v %v %v", one, none, some, many, same)
	}
	if err := h.store.Pool().QueryRow(t.Context(), `SELECT NULL::uuid`).Scan(&one); err == nil {
		t.Error("null was read as an id")
	}
}
