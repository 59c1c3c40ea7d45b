package plaintools

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"sync"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// alarming is what a log says of damage.
var alarming = regexp.MustCompile(
	`(?i)damag|corrupt|moved aside|unsound|not sound|left out|unreadable|checksum|check value`)

// logged keeps what is logged from warnings on.
type logged struct {
	slog.Handler

	mu    sync.Mutex
	lines []line
}

type line struct {
	level slog.Level
	text  string
	err   error
}

func newLogged() *logged { return &logged{Handler: slog.DiscardHandler} }

// Enabled asks for warnings and errors.
func (l *logged) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

// WithAttrs leaves out what does not tell one record from another.
func (l *logged) WithAttrs([]slog.Attr) slog.Handler { return l }

// Handle keeps a record.
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	one := line{level: r.Level, text: r.Message}
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			one.err = err
		}
		one.text += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, one)
	return nil
}

// calm demands that nobody was told of damage. That another process has the file locked may be
// said.
func (l *logged) calm(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.lines {
		switch {
		case errors.Is(one.err, service.ErrBusy):
		case one.level >= slog.LevelError || alarming.MatchString(one.text):
			t.Errorf("the log says: %s %s", one.level, one.text)
		default:
			t.Logf("the log says: %s %s", one.level, one.text)
		}
	}
}
