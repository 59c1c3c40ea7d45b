package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/wanstore/wanstore/internal/clock"
)

// statusLine is an error output with one line at its end that is rewritten again and again, if a
// person is looking. What is written to it stands above that line. It may be used by several
// goroutines.
type statusLine struct {
	mu       sync.Mutex
	out      io.Writer
	zone     *time.Location // of the times in its log
	terminal *os.File       // nil if it is none
	shown    bool
}

func newStatusLine(out io.Writer, zone *time.Location) *statusLine {
	return &statusLine{out: out, zone: zone, terminal: terminalOf(out)}
}

func (s *statusLine) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(s, logOptions(s.zone)))
}

// Write writes whole lines.
func (s *statusLine) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	return s.out.Write(text)
}

// hint writes what only people want to read.
func (s *statusLine) hint(text string) {
	if s.terminal != nil {
		fmt.Fprintln(s, text)
	}
}

// show replaces the line.
func (s *statusLine) show(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal == nil {
		return
	}
	s.clear()
	if width, _, err := term.GetSize(int(s.terminal.Fd())); err == nil && width > 0 {
		text = clip(text, width-1) // a line that wraps can't be cleared
	}
	fmt.Fprint(s.out, text)
	s.shown = true
}

// clear removes the line; s is locked.
func (s *statusLine) clear() {
	if s.shown {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	s.shown = false
}

// follow shows once a second what a loop is at, and says when the line can't be measured, until ctx
// is done. It is not for the loop to do: a terminal may make its writers wait.
func (s *statusLine) follow(ctx context.Context, loop *recordLoop, line *line) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var pings, rates complaint
	for {
		select {
		case <-ctx.Done():
			s.show("")
			return
		case <-ticker.C:
		}
		seen := loop.counts()
		if err := line.Err(); pings.isNews(err) {
			s.logger().Warn("echoes cannot be sent or received", "err", err)
		}
		if err := seen.rateErr; rates.isNews(err) {
			s.logger().Warn("the counters of the interface cannot be read", "err", err)
		}
		s.show(describe(seen))
	}
}

// complaint is the last thing that went wrong.
type complaint struct{ last string }

// isNews says that something goes wrong which did not a second ago.
func (c *complaint) isNews(err error) bool {
	before := c.last
	c.last = ""
	if err != nil {
		c.last = err.Error()
	}
	return c.last != "" && c.last != before
}

// describe returns what is known of a line.
func describe(seen loopCounts) string {
	parts := []string{clock.FormatDuration(time.Since(seen.started).Round(time.Second))}
	switch {
	case seen.replies > 0:
		parts = append(parts, fmt.Sprintf("rtt %.2f ms, %.2f above its baseline, %s",
			milliseconds(seen.rtt), milliseconds(seen.reading.Delta), seen.reading.State))
	case seen.known:
		parts = append(parts, "no reply, "+seen.reading.State.String())
	default:
		parts = append(parts, "no reply yet")
	}
	return strings.Join(append(parts,
		fmt.Sprintf("%.2f down, %.2f up Mbit/s", seen.rate.RxMbps, seen.rate.TxMbps),
		fmt.Sprintf("%d samples", seen.recorded),
	), " | ")
}
