package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manager is the socket at which a service manager listens.
type manager struct{ *net.UnixConn }

func newManager(t *testing.T) manager {
	t.Helper()
	// The path of a socket has 107 bytes at most, which t.TempDir may exceed.
	folder, err := os.MkdirTemp("", "n") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	address := &net.UnixAddr{Name: filepath.Join(folder, "s"), Net: "unixgram"}
	conn, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Skipf("no sockets of datagrams here: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return manager{conn}
}

func (m manager) path() string { return m.LocalAddr().String() }

// heard returns the next message.
func (m manager) heard(t *testing.T) string {
	t.Helper()
	message := make([]byte, 4096)
	if err := m.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	n, err := m.Read(message)
	if err != nil {
		t.Fatalf("the service manager has heard nothing for a minute: %v", err)
	}
	return string(message[:n])
}

// The service manager hears that the program is ready, that it goes on, and that it stops.
func TestNotices(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status string
	}{
		{
			[]string{"record", "--target", "127.0.0.1", "--probe", "tcp:9"},
			`recording 127\.0\.0\.1 through lo`,
		},
		{[]string{"serve", "--listen", "127.0.0.1:0"}, `serving \S+wan\.db at http://127\.0\.0\.1:\d+/`},
	} {
		t.Run(test.args[0], func(t *testing.T) {
			listening := newManager(t)
			cmd := program(t, append(test.args, "--db", filepath.Join(t.TempDir(), "wan.db"))...)
			cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+listening.path(), "WATCHDOG_USEC=100000")
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
				want := regexp.MustCompile(`^` + word + `\nSTATUS=` + test.status + `$`)
				if got := listening.heard(t); !want.MatchString(got) {
					t.Errorf("heard %q, want %s", got, want)
				}
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			last := listening.heard(t)
			for strings.HasPrefix(last, "WATCHDOG=1\n") { // on its way already
				last = listening.heard(t)
			}
			if last != "STOPPING=1" {
				t.Errorf("heard %q at last, want that it stops", last)
			}
			said, err := io.ReadAll(bufio.NewReader(stderr))
			if err := errors.Join(err, cmd.Wait()); err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}

// A program that makes no progress does not feed the watchdog.
func TestWatchdogIsNotFedWithoutProgress(t *testing.T) {
	listening := newManager(t)
	t.Setenv("NOTIFY_SOCKET", listening.path())
	t.Setenv("WATCHDOG_USEC", "1000")
	ctx, cancel := context.WithCancel(t.Context())
	ended, asked := make(chan struct{}), make(chan struct{})
	notices := &notifier{
		log: slog.New(slog.DiscardHandler),
		alive: func(ctx context.Context) error {
			close(asked)
			<-ctx.Done()
			return ctx.Err()
		},
		status: func() string { return "two\nlines" },
	}
	go func() {
		defer close(ended)
		notices.run(ctx)
	}()
	if got := listening.heard(t); got != "READY=1\nSTATUS=two lines" {
		t.Errorf("heard %q first", got)
	}
	<-asked
	cancel()
	if got := listening.heard(t); got != "STOPPING=1" {
		t.Errorf("heard %q, want nothing but that it stops", got)
	}
	<-ended
}

// fill sends messages until the socket takes no more, and returns how many.
func (m manager) fill(t *testing.T) (messages int) {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.path(), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	for ; err == nil; messages++ {
		if err := conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, err = conn.Write([]byte("filler"))
	}
	if closed := conn.Close(); closed != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err, closed)
	}
	return messages - 1
}

// A service manager that does not read holds nothing up for long, is complained about once, and
// hears that the program is ready when it reads again.
func TestNoticesThatNobodyReads(t *testing.T) {
	listening := newManager(t)
	t.Setenv("NOTIFY_SOCKET", listening.path())
	t.Setenv("WATCHDOG_USEC", "1000")
	filled := listening.fill(t)
	var log strings.Builder
	asked := make(chan struct{}, 100)
	notices := &notifier{
		log: slog.New(slog.NewTextHandler(&log, nil)),
		alive: func(context.Context) error {
			select {
			case asked <- struct{}{}:
			default:
			}
			return nil
		},
		status: func() string { return "here" },
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		notices.run(ctx)
	}()
	wait := func(what string, event <-chan struct{}) {
		t.Helper()
		select {
		case <-event:
		case <-time.After(time.Minute):
			t.Fatalf("%s: not within a minute", what)
		}
	}
	wait("the message of the start is given up", asked)
	wait("the next two are, too", asked)
	for range filled {
		if got := listening.heard(t); got != "filler" {
			t.Fatalf("heard %q, want what was there before", got)
		}
	}
	first := listening.heard(t)
	if strings.HasPrefix(first, "WATCHDOG=1\n") { // it was on its way
		first = listening.heard(t)
	}
	if first != "READY=1\nSTATUS=here" {
		t.Errorf("heard %q first", first)
	}
	listening.fill(t)
	cancel()
	wait("the end", ended)
	if n := strings.Count(log.String(), "cannot be told"); n < 1 || n > 2 {
		t.Errorf("the log complains %d times, want once of each time that nobody read:\n%s", n, &log)
	}
}
