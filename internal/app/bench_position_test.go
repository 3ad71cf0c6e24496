package app_test

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/duty"
)

// pointsInARequest is what a phone sends that reports every few seconds and speaks every minute.
const pointsInARequest = 10

// BenchmarkPositionsHTTP holds positions through HTTP (session check, authorisation, contract, datum conversion, on duty or not, the
// last position, flushed before the answer) against COPY of the same rows into the same table, ten a transaction over as many
// connections to the database as the server has, in turns on one database with everything durable.
func BenchmarkPositionsHTTP(b *testing.B) {
	const turn = 4 * time.Second
	for _, conns := range []int{16, 64, 128} {
		b.Run(fmt.Sprintf("%d_connections", conns), func(b *testing.B) {
			s, _ := openDurable(b)
			patrol := newPatrol(s, conns)
			patrol.run(time.Second) // warm both up
			patrol.copies(time.Second)
			var ours, theirs, ratios []float64
			for b.Loop() {
				for range 3 {
					c := patrol.copies(turn)
					o := patrol.run(turn)
					ours, theirs, ratios = append(ours, o), append(theirs, c), append(ratios, o/c)
				}
			}
			b.ReportMetric(median(ours), "points/s")
			b.ReportMetric(median(theirs), "copied/s")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// patrol is one auxiliary on duty for each connection.
type patrol struct {
	s      *station
	tokens []string
	people []uuid.UUID
	shifts []uuid.UUID
	path   string
	copier *pgxpool.Pool
	moment atomic.Int64 // each point is captured at a moment of its own
}

func newPatrol(s *station, size int) *patrol {
	s.t.Helper()
	p := &patrol{s: s}
	config, err := pgxpool.ParseConfig(s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	config.MaxConns = s.config.DatabaseConns
	if p.copier, err = pgxpool.NewWithConfig(s.t.Context(), config); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.copier.Close)
	organ := s.sign("310111").get("/v1/me").want(200).text("person", "organ", "id")
	for i := range size {
		p.enlist(i, organ)
	}
	_, err = p.copier.Exec(s.t.Context(), `UPDATE shift SET started_at = now() - interval '15 hours'`) // room for as many moments as are needed
	if err != nil {
		s.t.Fatal(err)
	}
	p.moment.Store(time.Now().Add(-14 * time.Hour).UnixMicro())
	return p
}

func (p *patrol) enlist(i int, organ string) {
	t, ctx := p.s.t, p.s.t.Context()
	person, device, token := uuid.New(), uuid.New(), (rand.Text() + rand.Text())[:43]
	hash := sha256.Sum256([]byte(token))
	for _, sql := range []struct {
		text string
		args []any
	}{
		{`INSERT INTO person (id, number, name, class, organ_id, path, status) SELECT $1, $2, '巡逻', 'field_auxiliary', id, path, 'active' FROM organ WHERE id = $3`, []any{person, fmt.Sprintf("P%05d", i), organ}},
		{`INSERT INTO authority (person_id, role, organ_id, path) SELECT $1, $2, id, path FROM organ WHERE id = $3`, []any{person, string(duty.RoleAuxiliary), organ}},
		{`INSERT INTO device (id, person_id, name, platform) VALUES ($1, $2, '手机', 'android')`, []any{device, person}},
		{`INSERT INTO session (id, token_hash, person_id, device_id, expires_at) VALUES ($1, $2, $3, $4, now() + interval '1 hour')`, []any{uuid.New(), hash[:], person, device}},
	} {
		if _, err := p.copier.Exec(ctx, sql.text, sql.args...); err != nil {
			t.Fatal(err)
		}
	}
	sh := (&hand{s: p.s, token: token, person: person, device: device}).checksIn(dressedFor("yes"))
	p.tokens, p.people, p.shifts, p.path = append(p.tokens, token), append(p.people, person), append(p.shifts, uuid.MustParse(sh.text("id"))), sh.text("organ", "path")
}

// each runs do over and over, so many at once, each for a person; it answers points a second.
func (p *patrol) each(d time.Duration, atOnce int, do func(i int) func() error) (perSecond float64) {
	var done atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for i := range min(atOnce, len(p.people)) {
		one := do(i)
		all.Go(func() {
			for time.Since(begun) < d {
				if err := one(); err != nil {
					p.s.t.Error(err)
					return
				}
				done.Add(pointsInARequest)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(begun).Seconds()
}

// next is the moment of a point's capture.
func (p *patrol) next() time.Time { return time.UnixMicro(p.moment.Add(1)).UTC() }

func (p *patrol) run(d time.Duration) float64 {
	return p.each(d, len(p.people), func(i int) func() error {
		client := &fasthttp.HostClient{Addr: strings.TrimPrefix(p.s.url, "http://"), MaxConns: 1}
		request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		var body []byte
		return func() error {
			body = append(body[:0], `{"points":[`...)
			for n := range pointsInARequest {
				if n > 0 {
					body = append(body, ',')
				}
				body = append(body, `{"lat":29.554218,"lon":106.574492,"datum":"gcj02","accuracy_m":10,"captured_at":"`...)
				body = append(p.next().AppendFormat(body, time.RFC3339Nano), `"}`...)
			}
			body = append(body, `]}`...)
			request.SetRequestURI(p.s.url + "/v1/positions")
			request.Header.SetMethod("POST")
			request.Header.SetContentType("application/json")
			request.Header.Set("Authorization", "Bearer "+p.tokens[i])
			request.SetBodyRaw(body)
			if err := client.Do(request, response); err != nil {
				return err
			}
			if response.StatusCode() != 200 || !strings.Contains(string(response.Body()), `"accepted":10`) {
				return fmt.Errorf("%d %.300s", response.StatusCode(), response.Body())
			}
			return nil
		}
	})
}

// copies puts the same rows where the server puts them.
func (p *patrol) copies(d time.Duration) float64 {
	columns := []string{
		"person_id", "captured_at", "days_off", "seen_at", "received_at", "path", "shift_id", "lat", "lon", "datum", "given_lat", "given_lon", "accuracy_m", "mock",
	}
	return p.each(d, int(p.s.config.DatabaseConns), func(i int) func() error {
		return func() error {
			rows := make([][]any, pointsInARequest)
			for n := range rows {
				captured := p.next()
				rows[n] = []any{p.people[i], captured, 0, captured, time.Now(), p.path, p.shifts[i], 29.5571, 106.5708, "gcj02", 29.554218, 106.574492, float32(10), false}
			}
			_, err := p.copier.CopyFrom(p.s.t.Context(), pgx.Identifier{"position"}, columns, pgx.CopyFromRows(rows))
			return err
		}
	})
}
