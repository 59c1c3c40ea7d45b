package measure

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// world is what a line finds around it, as functions of the time since the start.
type world struct {
	paths   func(at time.Duration) ([]Path, error)
	answers func(at time.Duration, path Path) bool
	changes []time.Duration // of the routes
	// interval is that of the echoes; 0 means a cycle.
	interval time.Duration

	begin time.Time
	log   bytes.Buffer
}

func (w *world) line(host string) *Line {
	w.begin = time.Now()
	interval := cmp.Or(w.interval, cycle)
	books := newLedger(DefaultWait)
	p := newPinger(LineConfig{Interval: interval}, books)
	return &Line{
		cfg: LineConfig{Host: host, Interval: interval, Wait: DefaultWait,
			Logger: slog.New(slog.NewTextHandler(&w.log, nil))},
		books: books,
		meter: func(string) *Meter { return nil },
		find:  func(context.Context) ([]Path, error) { return w.paths(time.Since(w.begin)) },
		watch: func(ctx context.Context, changed chan<- struct{}) {
			for _, at := range w.changes {
				if !sleep(ctx, at-time.Since(w.begin)) {
					return
				}
				changed <- struct{}{}
			}
		},
		probe: func(ctx context.Context, path Path) {
			m := &madeUp{answers: func(at time.Time) []time.Duration {
				if w.answers != nil && !w.answers(at.Sub(w.begin), path) {
					return nil
				}
				return []time.Duration{time.Millisecond}
			}}
			p := *p
			p.open = m.open
			p.run(ctx, path)
			m.timers.Wait()
		},
	}
}

func (w *world) run(t *testing.T, l *Line, d time.Duration) {
	t.Helper()
	_ = l.look(t.Context(), false)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	l.Run(ctx)
}

// lines returns the messages of the log, with what they are about.
func (w *world) lines() []string {
	var lines []string
	for line := range strings.Lines(w.log.String()) {
		_, message, _ := strings.Cut(strings.TrimSpace(line), "msg=")
		lines = append(lines, message)
	}
	return lines
}

func (w *world) checkLog(t *testing.T, want ...string) {
	t.Helper()
	got := w.lines()
	if len(got) != len(want) {
		t.Fatalf("it says\n%s", strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("it says %s, want %s", got[i], want[i])
		}
	}
}

func TestLineFollowsTheRoute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{changes: []time.Duration{10 * time.Second, 20 * time.Second}}
		w.paths = func(at time.Duration) ([]Path, error) {
			if at < 10*time.Second {
				return []Path{pathOf("192.0.2.1", "eth0")}, nil
			}
			return []Path{pathOf("198.51.100.1", "wwan0")}, nil
		}
		l := w.line("")
		w.run(t, l, 30*time.Second)
		w.checkLog(t, `"the line has changed" target=198.51.100.1 interface=wwan0 before=192.0.2.1`)
		replies := l.Take(nil)
		if len(replies) < 590 || replies[0].Path != 0 || replies[len(replies)-1].Path != 1 {
			t.Errorf("%d replies, %+v", len(replies), replies[len(replies)-1])
		}
		if path, ok := l.Path(); !ok || path != pathOf("198.51.100.1", "wwan0") {
			t.Errorf("the path is %v", path)
		}
	})
}

// A line that is not there is waited for, and that is said once.
func TestLineStartsInAnOutage(t *testing.T) {
	t.Parallel()
	for _, change := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := &world{}
			if change {
				w.changes = []time.Duration{time.Minute}
			}
			w.paths = func(at time.Duration) ([]Path, error) {
				if at < time.Minute {
					return nil, fmt.Errorf("at %v: %w", at, ErrNoGateway)
				}
				return []Path{pathOf("192.0.2.1", "eth0")}, nil
			}
			l := w.line("")
			w.run(t, l, 2*time.Minute)
			w.checkLog(t, `"waiting for the line"`, `"the line has changed" target=192.0.2.1`)
			if c := l.Counts(); c.Received < 1150 || c.Lost != 0 {
				t.Errorf("counted %+v", c)
			}
		})
	}
}

// A default route that goes takes the line with it, and one that comes back brings the same line.
func TestLineGoesAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{changes: []time.Duration{10 * time.Second, 20 * time.Second}}
		w.paths = func(at time.Duration) ([]Path, error) {
			if at >= 10*time.Second && at < 20*time.Second {
				return nil, ErrNoGateway
			}
			return []Path{pathOf("192.0.2.1", "eth0")}, nil
		}
		l := w.line("")
		w.run(t, l, 30*time.Second)
		w.checkLog(t, `"waiting for the line"`, `"the line has changed" target=192.0.2.1`)
		replies := l.Take(nil)
		if n := len(replies); n < 390 || n > 410 || replies[n-1].Path != 0 {
			t.Errorf("%d replies, the last %+v", n, replies[n-1])
		}
	})
}

// Of a host with several addresses the next one has its turn when one is dead, and stays.
func TestLineTriesTheNextAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := pathOf("192.0.2.1", "eth0"), pathOf("192.0.2.2", "eth0")
		w := &world{
			paths: func(time.Duration) ([]Path, error) { return []Path{first, second}, nil },
			answers: func(at time.Duration, path Path) bool {
				return path == second || at < 10*time.Second
			},
		}
		l := w.line("host")
		w.run(t, l, time.Minute)
		w.checkLog(t, `"the line has changed" target=192.0.2.2 interface=eth0 before=192.0.2.1`)
		if c := l.Counts(); c.Received < 1100 {
			t.Errorf("counted %+v", c)
		}
	})
}

// In a long outage addresses take turns ever less often.
func TestLineOfDeadAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			paths: func(time.Duration) ([]Path, error) {
				return []Path{pathOf("192.0.2.1", "eth0"), pathOf("192.0.2.2", "eth0")}, nil
			},
			answers: func(time.Duration, Path) bool { return false },
		}
		w.run(t, w.line("host"), 10*time.Minute)
		if n := len(w.lines()); n < 12 || n > 14 {
			t.Errorf("%d changes in ten minutes", n)
		}
	})
}

// An echo each ten seconds is answered each ten seconds.
func TestLineOfSlowEchoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			interval: 10 * time.Second,
			paths: func(time.Duration) ([]Path, error) {
				return []Path{pathOf("192.0.2.1", "eth0"), pathOf("192.0.2.2", "eth0")}, nil
			},
		}
		w.run(t, w.line("host"), 5*time.Minute)
		w.checkLog(t)
	})
}

// A host whose name cannot be looked up any more is where it was.
func TestLineWithoutNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{changes: []time.Duration{10 * time.Second}}
		w.paths = func(at time.Duration) ([]Path, error) {
			if at > 0 {
				return nil, errors.New("no such host")
			}
			return []Path{pathOf("192.0.2.1", "eth0")}, nil
		}
		l := w.line("host")
		w.run(t, l, time.Minute)
		w.checkLog(t)
		if c := l.Counts(); c.Received < 1190 {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestNewLineRefuses(t *testing.T) {
	t.Parallel()
	kernel := fakeProc(t, map[string]string{"net/route": head4 + default4("lo", "0.0.0.0", "0001", 0)})
	tests := []struct {
		cfg  LineConfig
		want string
	}{
		{LineConfig{Interval: time.Microsecond}, "interval"},
		{LineConfig{Interval: cycle, Wait: -1}, "wait -1"},
		{LineConfig{Interval: time.Millisecond, Wait: 2 * time.Minute}, "wait 2m0s"},
		{LineConfig{Interval: cycle}, "--target HOST"},
		{LineConfig{Interval: cycle, Host: "fe80::1"}, "ADDRESS%INTERFACE"},
	}
	for _, tt := range tests {
		_, err := NewLine(t.Context(), kernel, tt.cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want an error about %s", tt.cfg, err, tt.want)
		}
	}
}

// Changes that the kernel tells of reach the line; here there are none, and it ends.
func TestWatchRoutesEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { watchRoutes(ctx, true, make(chan struct{}, 1)) })
	cancel()
	running.Wait()
}
