package feedkit

import (
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Table is what a server can be kept from reading.
type Table string

const (
	Events  Table = "event"
	Tickets Table = "feed_ticket"
)

// Deny makes every question of the server that touches a table fail, the sequencer's too, until allow is called.
func (l *Log) Deny(table Table) (allow func()) {
	l.t.Helper()
	l.do(`REVOKE SELECT ON ` + string(table) + ` FROM dutybound_app`)
	return func() {
		l.t.Helper()
		l.do(`GRANT SELECT ON ` + string(table) + ` TO dutybound_app`)
	}
}

// ExpireTickets lets the time of every ticket run out.
func (l *Log) ExpireTickets() {
	l.t.Helper()
	l.do(`UPDATE feed_ticket SET expires_at = now() - interval '1 second'`)
}

// Forget removes the events up to a seq, as somebody does who has put them into an archive.
func (l *Log) Forget(upTo int64) {
	l.t.Helper()
	l.rewrite(func(b *pgx.Batch) { b.Queue(`DELETE FROM event WHERE seq <= $1`, upTo) })
}

// Restore puts the log back to when it ended with an earlier head, as a restored older copy of the database would.
func (l *Log) Restore(head int64) {
	l.t.Helper()
	l.rewrite(func(b *pgx.Batch) {
		b.Queue(`DELETE FROM event WHERE seq > $1`, head)
		b.Queue(`DELETE FROM ledger_hash WHERE idx >= $1`, tlog.StoredHashCount(head))
		b.Queue(`DELETE FROM ledger_signed_head WHERE size > $1`, head)
		b.Queue(`UPDATE ledger_head SET size = $1`, head)
	})
}

func (l *Log) do(sql string) {
	l.t.Helper()
	_, err := l.owner.Exec(l.t.Context(), sql)
	l.must(err)
}

// rewrite changes, in one transaction, what triggers guard.
func (l *Log) rewrite(queue func(*pgx.Batch)) {
	l.t.Helper()
	b := &pgx.Batch{}
	b.Queue(`SELECT set_config('session_replication_role', 'replica', true)`)
	queue(b)
	l.must(l.owner.SendBatch(l.t.Context(), b).Close())
}
