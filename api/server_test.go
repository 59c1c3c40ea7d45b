package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// serving serves an API on a port of the loopback until the test or stop ends it.
func serving(t *testing.T, a *api.API, config api.Config) (address string, stop func()) {
	t.Helper()
	config.Listen = "127.0.0.1:0"
	listener, err := api.Listen(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, listener) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// reply is an answer that has been read.
type reply struct {
	code   int
	header http.Header
	body   string
}

// send sends a request as it is and returns the answer.
func send(t *testing.T, address, text string) reply {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// shut closes what a test has opened.
func shut(t *testing.T, one io.Closer) {
	t.Helper()
	if err := one.Close(); err != nil {
		t.Error(err)
	}
}

// Without a token, only those are answered who call this machine by a name of its own.
func TestNamesOfTheServer(t *testing.T) {
	r := record(t, service.Config{})
	open, _ := serving(t, r.api, api.Config{})
	guarded, _ := serving(t, answering(t, api.Options{Path: r.path, Token: "correct-horse-battery"}),
		api.Config{Token: "correct-horse-battery"})
	_, port, err := net.SplitHostPort(open)
	if err != nil {
		t.Fatal(err)
	}
	for host, local := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:" + port: true, "localhost": true, "localhost:8080": true,
		"LOCALHOST.": true, "[::1]:9101": true,
		"[::1]": true, "127.8.9.10": true, "wan.localhost:1": true, "[::ffff:127.0.0.1]:1": true,
		"evil.example": false, "evil.example:" + port: false, "192.0.2.1": false,
		"localhost.evil.example": false, "0.0.0.0:" + port: false,
		"notlocalhost": false, "[2001:db8::1]": false, "127.0.0.1.evil.example": false,
	} {
		question := "GET /health HTTP/1.1\r\nConnection: close\r\nHost: " + host + "\r\n\r\n"
		want := http.StatusOK
		if !local {
			want = http.StatusMisdirectedRequest
		}
		answer := send(t, open, question)
		if answer.code != want || answer.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d, want %d", host, answer.code, want)
		}
		if !local {
			why := decode[refused](t, strings.NewReader(answer.body))
			if !strings.Contains(why.Error.Message, "localhost") {
				t.Errorf("%s: %+v", host, why)
			}
		}
		if answer := send(t, guarded, question); answer.code != http.StatusOK {
			t.Errorf("%s, where there is a token: %d", host, answer.code)
		}
	}
	if answer := send(t, open, "GET /health HTTP/1.0\r\n\r\n"); answer.code != http.StatusOK {
		t.Errorf("without a name: %d", answer.code)
	}
	huge := "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Big: " + strings.Repeat("x", 32<<10) +
		"\r\n\r\n"
	if answer := send(t, open, huge); answer.code != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("huge headers: %d", answer.code)
	}
}

// Beyond the loopback nothing is heard without a token.
func TestWhereToListen(t *testing.T) {
	for address, local := range map[string]bool{
		"127.0.0.1:0": true, "127.1.2.3:0": true, "localhost:0": true, "[::ffff:127.0.0.1]:0": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "[::ffff:0.0.0.0]:0": false,
	} {
		listener, err := api.Listen(t.Context(), api.Config{Listen: address})
		if (err == nil) != local {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			if port := listener.Addr().(*net.TCPAddr).Port; port == 0 {
				t.Errorf("%s: port 0", address)
			}
			shut(t, listener)
			continue
		}
		if !errors.Is(err, api.ErrNoToken) || !errors.Is(err, service.ErrConfig) {
			t.Errorf("%s: %v", address, err)
		}
		for _, word := range []string{"Listen=" + address, "token", "127.0.0.1:9101"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v: want %s in it", err, word)
			}
		}
	}
}

// A listener that somebody else has opened is judged as well.
func TestServeBeyondTheLoopback(t *testing.T) {
	listener := newPipes("192.0.2.1")
	a := answering(t, api.Options{Path: "nowhere"})
	if err := a.Serve(t.Context(), listener); !errors.Is(err, api.ErrNoToken) {
		t.Errorf("%v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it still listens: %v", err)
	}
}

func TestAddressInUse(t *testing.T) {
	listener, err := api.Listen(t.Context(), api.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = api.Listen(t.Context(), api.Config{Listen: listener.Addr().String()})
	if !errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, service.ErrConfig) {
		t.Errorf("%v", err)
	}
}

// A listener that breaks ends the server with its error.
func TestBrokenListener(t *testing.T) {
	listener := newPipes("127.0.0.1")
	shut(t, listener)
	a := answering(t, api.Options{Path: "nowhere"})
	if err := a.Serve(t.Context(), listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// pipes is a listener in memory, for simulated time.
type pipes struct {
	ip     string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes(ip string) *pipes {
	return &pipes{ip: ip, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(p.ip)} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// inMemory serves an API in simulated time. The result of stop is how long the end has taken.
func inMemory(t *testing.T) (dial func() net.Conn, stop func() time.Duration) {
	t.Helper()
	a := api.New(api.Options{Path: "nowhere"})
	listener := newPipes("127.0.0.1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, listener) }()
	return listener.dial, func() time.Duration {
		begin := time.Now()
		cancel()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			t.Errorf("serve: %v", err)
		}
		return time.Since(begin)
	}
}

// The end waits for a client that fetches its answer slowly, and not forever.
func TestEndWithASlowClient(t *testing.T) {
	for name, client := range map[string]struct {
		sends string
		reads bool
		most  time.Duration
	}{
		"nobody":                {"", false, 0},
		"one that says nothing": {"", true, 100 * time.Millisecond},
		"one that sends half a header": {"GET /health HTTP/1.1\r\nHost: loc", false,
			100 * time.Millisecond},
		"one that never reads": {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", false,
			6 * time.Second},
		"one that is answered and idle": {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial, stop := inMemory(t)
				if name != "nobody" {
					conn := dial()
					defer conn.Close()
					if _, err := io.WriteString(conn, client.sends); err != nil {
						t.Fatal(err)
					}
					if client.reads {
						go func() { _, _ = io.Copy(io.Discard, conn) }()
					}
				}
				synctest.Wait()
				if took := stop(); took > client.most {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// A client that does nothing is cut off.
func TestSlowClients(t *testing.T) {
	for sends, want := range map[string]time.Duration{
		"":                                  5 * time.Second,
		"GET /health HTTP/1.1\r\nHost: loc": 5 * time.Second,
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n":               time.Minute,
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1": 5 * time.Second,
	} {
		t.Run(fmt.Sprintf("%.30q", sends), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial, stop := inMemory(t)
				conn := dial()
				begin := time.Now()
				go func() { _, _ = io.WriteString(conn, sends) }()
				_, err := io.Copy(io.Discard, conn) // until it is cut
				if took := time.Since(begin); err != nil || took.Round(time.Second) != want {
					t.Errorf("it took %s, %v", took, err)
				}
				shut(t, conn)
				stop()
			})
		})
	}
}

// A question under way when the server ends is answered.
func TestEndWithAQuestionUnderWay(t *testing.T) {
	r := record(t, service.Config{})
	r.weekOf(t, 30_000, 10*time.Millisecond)
	address, stop := serving(t, r.api, api.Config{})
	answered := make(chan error, 1)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn,
		"GET /metrics/history?from=0&limit=100000 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	if _, err := reader.Peek(1); err != nil { // it has begun
		t.Fatal(err)
	}
	go func() {
		response, err := http.ReadResponse(reader, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			err = errors.Join(err, response.Body.Close())
		}
		answered <- err
	}()
	stop()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		shut(t, conn)
		t.Error("it still listens")
	}
}
