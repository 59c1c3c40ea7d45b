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
)

// statusLine is an error output with one line at its end that is written anew again and again, if a person is looking.
// What is written to it stands above that line. It may be used by several goroutines.
type statusLine struct {
	mu       sync.Mutex
	out      io.Writer
	terminal *os.File // nil if it is none
	shown    bool
}

func newStatusLine(out io.Writer) *statusLine {
	s := &statusLine{out: out}
	if isTerminal(out) {
		s.terminal, _ = out.(*os.File)
	}
	return s
}

func (s *statusLine) logger() *slog.Logger { return slog.New(slog.NewTextHandler(s, nil)) }

// Write writes whole lines.
func (s *statusLine) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	return s.out.Write(text)
}

// hint writes what only people want to read.
func (s *statusLine) hint(format string, args ...any) {
	if s.terminal != nil {
		fmt.Fprintf(s, format, args...)
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
	if width, _, err := term.GetSize(int(s.terminal.Fd())); err == nil && width > 0 && len(text) >= width {
		text = text[:width-1] // a line that wraps can't be cleared
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

// follow shows once a second what a loop is at, and says when the line can't be measured, until ctx is done. It is not for
// the loop to do: a terminal may make its writers wait.
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
		pings.hear(s.logger(), "echoes can not be sent or received", line.pinger.Err())
		rates.hear(s.logger(), "the interface can not be read", seen.rateErr)
		s.show(describe(seen))
	}
}

// complaint says the same thing once.
type complaint struct{ last string }

func (c *complaint) hear(log *slog.Logger, message string, err error) {
	if err == nil {
		c.last = ""
		return
	}
	if text := err.Error(); text != c.last {
		c.last = text
		log.Warn(message, "err", err)
	}
}

// describe returns what is known of a line, in ASCII.
func describe(seen loopCounts) string {
	parts := []string{formatAge(time.Since(seen.started).Round(time.Second))}
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
