package postgres_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/postgres"
)

// pushArgs is a push as River's own client takes it.
type pushArgs struct{ push duty.Push }

func (pushArgs) Kind() string                   { return postgres.PushKind }
func (a pushArgs) MarshalJSON() ([]byte, error) { return json.Marshal(a.push) }

// A job that the store inserts is the very row that River's own client would have inserted.
func TestAJobIsTheRowThatRiverWouldInsert(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	client, err := river.NewClient(riverpgxv5.New(h.store.Pool()), &river.Config{})
	h.must(err)
	for _, urgency := range []string{"routine", "urgent", "immediate"} {
		push := duty.Push{Person: h.wang.Person, Task: newID(), Kind: "dispatched", Priority: urgency}
		h.must(pgx.BeginFunc(t.Context(), h.store.Pool(), func(tx pgx.Tx) error {
			_, err := client.InsertTx(context.Background(), tx, pushArgs{push}, &river.InsertOpts{
				Priority: int(postgres.JobPriority(urgency)), MaxAttempts: postgres.PushAttempts,
			})
			if err != nil {
				return err
			}
			b := &pgx.Batch{}
			if err := postgres.InsertPushes(b, []duty.Push{push}); err != nil {
				return err
			}
			return tx.SendBatch(context.Background(), b).Close()
		}))
		// River takes its times from the client's clock and we from the database's: those are held to one another below.
		rows, err := h.owner.Query(t.Context(), `SELECT to_jsonb(j) - '{id,created_at,scheduled_at}'::text[] FROM river_job j ORDER BY id DESC LIMIT 2`)
		h.must(err)
		jobs, err := pgx.CollectRows(rows, pgx.RowTo[map[string]any])
		h.must(err)
		ours, theirs := text(t, jobs[0]), text(t, jobs[1])
		if ours != theirs {
			t.Errorf("ours\n%s\nRiver's\n%s", ours, theirs)
		}
		if n := h.count(`SELECT count(*) FROM river_job WHERE created_at <> scheduled_at OR abs(extract(epoch FROM now() - created_at)) > 60`); n != 0 {
			t.Errorf("%d jobs are of another time", n)
		}
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAPushIsInsertedWithItsDispatchOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dispatched()
	var args duty.Push
	h.must(h.owner.QueryRow(t.Context(), `SELECT args FROM river_job ORDER BY id LIMIT 1`).Scan(&args))
	if args.Person != h.wang.Person || args.Kind != "dispatched" || args.Priority != "urgent" {
		t.Errorf("%+v", args)
	}
	if n := h.count(`SELECT count(*) FROM river_job`); n != 2 {
		t.Errorf("%d jobs for two members", n)
	}
}

func TestPushDevicesAreLiveAndHaveATokenOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	devices, err := h.store.PushDevices(ctx, h.wang.Person)
	h.must(err)
	if len(devices) != 0 {
		t.Errorf("without a token: %+v", devices)
	}
	h.must(h.store.SetPushToken(ctx, h.wang.Device, "token"))
	h.must(h.store.SetPushToken(ctx, h.li.Device, "token")) // the phone changed hands
	devices, err = h.store.PushDevices(ctx, h.wang.Person)
	h.must(err)
	if len(devices) != 0 {
		t.Errorf("a token that is another's now: %+v", devices)
	}
	h.must(h.store.SetPushToken(ctx, h.li.Device, "newer"))
	h.must(h.store.DropPushToken(ctx, h.li.Device, "token")) // an old answer about an old token
	devices, err = h.store.PushDevices(ctx, h.li.Person)
	h.must(err)
	if len(devices) != 1 || devices[0].Token != "newer" || devices[0].Platform != "android" || devices[0].ID != h.li.Device {
		t.Errorf("%+v", devices)
	}
	h.must(h.store.DropPushToken(ctx, h.li.Device, "newer"))
	devices, err = h.store.PushDevices(ctx, h.li.Person)
	h.must(err)
	if len(devices) != 0 {
		t.Errorf("a dead token: %+v", devices)
	}
}
