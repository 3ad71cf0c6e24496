package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// asPhones makes this program the phones of a test, so that what they cost is not counted with the server's: see TestMain.
const asPhones = "DUTYBOUND_TEST_PHONES"

// TestAnIdlePhoneCostsLittle: a city has thousands of phones connected, and almost nothing happens on each. It is not parallel, so that
// nothing else is counted.
func TestAnIdlePhoneCostsLittle(t *testing.T) {
	if each := idlePhones(t, openOffice(t), 500); each > 30_000 {
		t.Errorf("an idle phone costs %.0f bytes", each)
	}
}

// BenchmarkIdlePhone reports what one of 2,000 connected phones costs the whole server, heap and stacks.
func BenchmarkIdlePhone(b *testing.B) {
	o := openOffice(b)
	idlePhones(b, o, 100) // the first also make the connections to the database
	for b.Loop() {
		each := idlePhones(b, o, 2000)
		b.ReportMetric(each/1000, "kB/phone")
		if each > 30_000 {
			b.Errorf("an idle phone costs %.0f bytes", each)
		}
	}
}

// idlePhones connects phones from a process of their own, answers the bytes that each costs the server, and lets them go.
func idlePhones(t testing.TB, o *office, phones int) (each float64) {
	t.Helper()
	who := o.auxiliary()
	handshakes := make([]string, phones)
	for i := range handshakes {
		ticket := who.post("/v1/feed/tickets", object{"scope": "mine"}).want(201).text("ticket")
		handshakes[i] = "GET /v1/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: dutybound.v1, ticket." + ticket + "\r\n\r\n"
	}
	o.client.CloseIdleConnections()
	far := exec.CommandContext(t.Context(), os.Args[0])
	far.Env = append(os.Environ(), asPhones+"="+strings.TrimPrefix(o.url, "http://"))
	in, err := far.StdinPipe()
	o.must(err)
	out, err := far.StdoutPipe()
	o.must(err)
	far.Stderr = os.Stderr
	before := held()
	o.must(far.Start())
	go func() {
		_, _ = fmt.Fprintf(in, "%d\n%s", phones, strings.Join(handshakes, "")) // when it ends early, the phones say so
	}()
	connected, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || connected != "connected\n" {
		t.Fatalf("the phones say %q %v", connected, err)
	}
	each = float64(held()-before) / float64(phones)
	runtime.KeepAlive(handshakes)
	o.must(in.Close())
	o.must(far.Wait())
	return each
}

// held is what the process holds in heap and stacks once it is quiet: stacks shrink by half with each collection.
func held() int64 {
	for range 4 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// bePhones is the other process.
func bePhones(server string) int {
	in := bufio.NewReader(os.Stdin)
	var phones int
	if _, err := fmt.Fscanf(in, "%d\n", &phones); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	conns := make([]net.Conn, phones)
	for i := range conns {
		var err error
		if conns[i], err = connect(server, in); err != nil {
			fmt.Fprintln(os.Stderr, "phone", i, err)
			return 1
		}
	}
	fmt.Println("connected")
	_, _ = io.Copy(io.Discard, in) // until the test has counted
	for _, conn := range conns {
		_ = conn.Close()
	}
	return 0
}

// connect sends the next handshake and waits for the hello.
func connect(server string, in *bufio.Reader) (net.Conn, error) {
	var handshake strings.Builder
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			return nil, err
		}
		handshake.WriteString(line)
	}
	conn, err := net.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, handshake.String()); err != nil {
		return nil, err
	}
	answer := bufio.NewReader(conn)
	for said := ""; said != `hello"`; {
		if said, err = answer.ReadString('"'); err != nil {
			return nil, err
		}
	}
	return conn, nil
}
