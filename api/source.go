package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/wanstore/wanstore/service"
)

// source is the history file. It opens the file when it is first asked for, and again when another
// file has taken its place: a source that kept the old one would show a history that has stopped.
type source struct {
	path string

	mu      sync.RWMutex // held for reading while the history is read
	history *service.History
	file    fs.FileInfo // what history reads
	closed  bool

	damaged atomic.Bool // a read has found damage since the file was opened
}

var (
	errClosed = errors.New("the API is closed")
	// ErrUnavailable reports that the file is away or cannot be read, or that too many read it.
	ErrUnavailable = errors.New("the history is not available")
)

// read runs f with the history, and again if it has failed on a file that was replaced
// meanwhile.
//
// Errors: ErrUnavailable with those of service.OpenHistory, or with errClosed, and that of f.
func (s *source) read(ctx context.Context, f func(*service.History) error) error {
	for {
		if tried, err := s.tryRead(f); tried {
			return err
		}
		if err := s.reopen(ctx); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// tryRead runs f if the file at the path is open. What goes wrong with a file that has been
// replaced meanwhile is not counted as a try.
func (s *source) tryRead(f func(*service.History) error) (tried bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.current() {
		return false, nil
	}
	err = f(s.history)
	if isDamage(err) {
		s.damaged.Store(true)
		return true, err
	}
	return err == nil || s.current(), err
}

func isDamage(err error) bool {
	return errors.Is(err, service.ErrDamaged) || errors.Is(err, service.ErrNotDatabase)
}

// current says that the file that is open is the one at the path. After damage it is opened again:
// somebody may have copied a sound one over it.
func (s *source) current() bool {
	if s.history == nil || s.damaged.Load() {
		return false
	}
	now, err := os.Stat(s.path)
	return err == nil && os.SameFile(now, s.file)
}

// reopen waits until nobody reads any more.
func (s *source) reopen(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.current() {
		return nil // somebody else was faster
	}
	if err := s.drop(); err != nil {
		return err
	}
	// Looked at before it is opened: if it is replaced in between, that is found out with the next
	// read.
	file, statErr := os.Stat(s.path)
	history, err := service.OpenHistory(ctx, s.path)
	if err != nil {
		return err
	}
	if statErr != nil { // it has just appeared
		return errors.Join(statErr, history.Close())
	}
	s.history, s.file = history, file
	s.damaged.Store(false)
	return nil
}

func (s *source) drop() error {
	if s.history == nil {
		return nil
	}
	err := s.history.Close()
	s.history, s.file = nil, nil
	return err
}

func (s *source) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.drop()
}
