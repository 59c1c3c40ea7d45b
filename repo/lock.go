package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	// lockSuffix makes the name of the lock file of a history. Every writer holds a shared lock on it, so who gets the
	// exclusive one knows that no other writer has the history open. SQLite's own locks can not tell: they lie in the very
	// files that are to be moved. The file stays for good.
	lockSuffix = ".lock"

	// lockPatience is how long the exclusive lock is tried for: two writers that find the same damage ask for it at once, and
	// each gives its shared one up first.
	lockPatience = 200 * time.Millisecond
	lockPause    = 2 * time.Millisecond
)

// errLocked says that another writer holds the lock.
var errLocked = errors.New("another process has it open for writing")

// lock is the lock file of a history. Without a file it is none: where this process may not make or open one, it goes on
// without, and then can not quarantine anything.
type lock struct {
	file *os.File
}

// findLock opens the lock file of the history at path, if it has one.
func findLock(path string) (*lock, error) {
	file, err := openLock(path + lockSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, errors.ErrUnsupported):
		return &lock{}, nil
	case err != nil:
		return nil, err
	}
	return &lock{file: file}, nil
}

// makeLock makes the lock file of the history at path, with its owner and permissions, and opens it.
func makeLock(path string) (*lock, error) {
	like, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	err = makeLike(path+lockSuffix, like)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, errLocksOut) {
		return nil, err
	}
	return findLock(path)
}

// mark returns what the lock file says of the history, and whether there has been one beside it at all.
func (l *lock) mark() (m mark, known bool) {
	if l.file == nil {
		return mark{}, false
	}
	return readMark(l.file)
}

// share takes the lock together with the other writers. It waits while one of them has it alone, which takes milliseconds.
func (l *lock) share(ctx context.Context) error { return l.take(ctx, false, busyTimeout) }

// own takes the lock alone, or errLocked if another writer keeps it. The shared lock is gone then.
func (l *lock) own(ctx context.Context) error {
	if l.file == nil {
		return errors.ErrUnsupported
	}
	return l.take(ctx, true, lockPatience)
}

func (l *lock) take(ctx context.Context, exclusive bool, patience time.Duration) error {
	if l.file == nil {
		return nil
	}
	return untilUnlocked(ctx, patience, func() error { return flock(l.file, exclusive) })
}

// untilUnlocked tries to take a lock for as long as somebody else has it, but not beyond patience.
func untilUnlocked(ctx context.Context, patience time.Duration, try func() error) error {
	for giveUp := time.Now().Add(patience); ; {
		err := try()
		if !errors.Is(err, errLocked) || time.Now().After(giveUp) {
			return err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tryOwn takes the lock alone if no other writer has the history open. Without success no lock is left at all.
func (l *lock) tryOwn() error { return flock(l.file, true) }

// note writes to the lock file what the next writer should know. What can not be written is not known then.
func (l *lock) note(m mark) {
	if l.file == nil {
		return
	}
	if is, known := l.mark(); !known || is != m {
		_, _ = l.file.WriteAt([]byte(m.text()), 0)
	}
}

// leave notes that the history at path, which was this file, has been closed, if it was by its last writer and SQLite has
// taken the WAL in.
func (l *lock) leave(path string, file fs.FileInfo) {
	if l.file != nil && l.tryOwn() == nil && !isThere(path+"-wal") {
		l.note(mark{file: inode(file)})
	}
}

func (l *lock) close() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
