package app_test

import (
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/live"
	"github.com/dutybound/dutybound/internal/testkit"
)

// storm is a phone that asks as fast as it can, from many hands at once, until it is let in no more.
type storm struct {
	phone    *hand
	accepted atomic.Int64
	last     atomic.Int64 // when it last sent something that was let in, in nanoseconds since 1970
	longest  atomic.Int64 // that an answer took, in nanoseconds
	refused  sync.WaitGroup
}

const stormHands = 24

// begin lets half of the hands state facts and half read. Each ends at its first 401; any other failure fails the test.
func (s *storm) begin(t *testing.T) {
	for i := range stormHands {
		s.refused.Go(func() {
			for {
				sent := time.Now()
				r, err := s.once(i)
				raise(&s.longest, int64(time.Since(sent)))
				switch {
				case err != nil:
					t.Error(err)
					return
				case r.status == 401:
					return
				case r.status != 200:
					t.Errorf("%d %s", r.status, r.raw)
					return
				}
				s.accepted.Add(1)
				raise(&s.last, sent.UnixNano())
			}
		})
	}
}

func raise(most *atomic.Int64, to int64) {
	for was := most.Load(); to > was && !most.CompareAndSwap(was, to); was = most.Load() {
	}
}

func (s *storm) once(i int) (reply, error) {
	if i%2 == 0 {
		return s.phone.try("GET", "/v1/me", nil, nil)
	}
	return s.phone.try("POST", "/v1/observations", saying(now(said("uniform", "yes"))), keyed())
}

// A phone that is stolen while it is busy: nothing that it sends once the revocation is answered is let in, no statement is taken later
// than one that was under way by then, by the database's clock, and its sockets are closed.
func TestAStolenPhoneIsCutOffUnderLoad(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	stolen := o.officer().enrol(aKey())
	other := &storm{phone: o.officer().enrol(aKey())} // the load of somebody else, who is not to be cut off
	var sockets sync.WaitGroup
	var revoked atomic.Int64
	for range 4 {
		conn, err := stolen.dial(0)
		o.must(err)
		sockets.Go(func() {
			defer conn.Close()
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Minute))
			var err error
			for err == nil {
				_, _, err = conn.ReadMessage()
			}
			var end *websocket.CloseError
			if !errors.As(err, &end) || end.Code != 4001 {
				t.Errorf("a socket ended with %v", err)
			}
			if took := time.Since(time.Unix(0, revoked.Load())); revoked.Load() == 0 || took > cutWithin {
				t.Errorf("a socket was closed %s after", took)
			}
		})
	}
	storm := &storm{phone: stolen}
	storm.begin(t)
	other.begin(t)
	testkit.WaitUpTo(t, 2*time.Minute, "the load", func() bool { return storm.accepted.Load() > 20*stormHands && other.accepted.Load() > stormHands })
	revoking := time.Now()
	revoked.Store(revoking.UnixNano())
	personnel.post("/v1/devices/"+stolen.device.String()+"/revoke", nil).want(200)
	answered := time.Now()
	storm.refused.Wait()
	sockets.Wait()
	before := other.accepted.Load()
	testkit.WaitUpTo(t, time.Minute, "the load", func() bool { return other.accepted.Load() > before })
	personnel.post("/v1/devices/"+other.phone.device.String()+"/revoke", nil).want(200)
	other.refused.Wait()

	var late float64
	o.must(o.sql.QueryRow(t.Context(), `SELECT coalesce(extract(epoch FROM max(c.received_at) - max(d.revoked_at)), -1)
		FROM device d JOIN command c ON c.device_id = d.id WHERE d.id = $1`, stolen.device).Scan(&late))
	underWay := answered.Sub(revoking) + time.Duration(storm.longest.Load())
	if late > underWay.Seconds() {
		t.Errorf("a statement was taken %.3f s after the phone was revoked, and nothing took longer than %s", late, underWay)
	}
	last := time.Unix(0, storm.last.Load()).Sub(answered)
	if last > 0 {
		t.Errorf("what was sent %s after the phone was revoked was let in", last)
	}
	t.Logf("%d requests let in; the last statement %.3f s after the revocation, the last one sent %s before its answer", storm.accepted.Load(), late, -last)
	stolen.get("/v1/me").want(401)
	stolen.bearing().get("/v1/me").want(401)
}

// BenchmarkSessionCheck is what each request costs before its handler: who asks, with the token alone and with a proof beside it. The
// proofs are made outside of what is measured.
func BenchmarkSessionCheck(b *testing.B) {
	o := openOffice(b)
	private, err := embedded.StartRedis()
	o.must(err)
	b.Cleanup(private.Stop)
	client := redis.NewClient(private.Options())
	b.Cleanup(func() { _ = client.Close() })
	nonces := identity.NewNonces(make([]byte, identity.NonceSecret))
	service := identity.New(o.store, noLimits{}, time.Hour).Proving(identity.Proofs{
		Nonces: nonces, Used: live.New(client, slog.New(slog.DiscardHandler)),
	})
	address, err := url.Parse("https://duty.example.org/v1/tasks/" + uuid.NewString() + "/start")
	o.must(err)
	asking := identity.Asking{Method: "POST", URLs: []string{address.String()}}
	b.Run("bearer", func(b *testing.B) {
		asking := asking
		asking.Token = o.officer().token
		for b.Loop() {
			if _, _, err := service.Admit(b.Context(), asking); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("dpop", func(b *testing.B) {
		key := aKey()
		asking := asking
		asking.Token, asking.Bound = o.officer().enrol(key).token, true
		b.ResetTimer()
		for range b.N {
			b.StopTimer()
			proof, err := key.Prove(phone.NewClaims("POST", address, asking.Token, nonces.Now(time.Now())))
			if err != nil {
				b.Fatal(err)
			}
			asking.Proofs = []string{proof}
			b.StartTimer()
			if _, _, err := service.Admit(b.Context(), asking); err != nil {
				b.Fatal(err)
			}
		}
	})
}
