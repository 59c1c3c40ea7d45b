package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	// lockSuffix makes the name of the lock file of a history. Every writer holds a shared lock on
	// it, so the holder of the exclusive one knows that no other writer has the history open.
	// SQLite's own locks cannot tell: they lie in the very files that are to be moved. The file
	// stays for good.
	lockSuffix = ".lock"

	// lockPause is the time between two looks at a lock that somebody else has.
	lockPause = 2 * time.Millisecond
)

// errLocked says that another writer holds the lock.
var errLocked = errors.New("another process has it open for writing")

// lock is the lock file of a history. Without a file it is none: where this process may not make or
// open one, it goes on without, and then cannot quarantine anything.
type lock struct {
	file *os.File
}

// findLock opens the lock file of the history at path, if it has one.
func findLock(path string) (*lock, error) {
	file, err := openLock(path + lockSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission),
		errors.Is(err, errors.ErrUnsupported):
		return &lock{}, nil
	case err != nil:
		return nil, err
	}
	return &lock{file: file}, nil
}

// makeLock makes the lock file of the history at path, with its owner and permissions, and opens
// it.
func makeLock(path string) (*lock, error) {
	like, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	err = makeLike(path+lockSuffix, like)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) &&
		!errors.Is(err, errLocksOut) {
		return nil, err
	}
	return findLock(path)
}

// mark returns what the lock file says of the history, and whether there has been one beside it at
// all.
func (l *lock) mark() (m mark, known bool) {
	if l.file == nil {
		return mark{}, false
	}
	return readMark(l.file, l.inode())
}

// inode returns the number that the file system has for the lock file now, 0 where it does not say.
func (l *lock) inode() uint64 {
	info, err := l.file.Stat()
	if err != nil {
		return 0
	}
	return inode(info)
}

// enter takes the lock for opening the history: alone if nobody else has it, or else together with
// the writers that have it open. The one that opens it alone may be making, moving or rebuilding
// it, and is waited for.
func (l *lock) enter(ctx context.Context) (alone bool, err error) {
	if l.file == nil {
		return false, nil
	}
	err = untilUnlocked(ctx, func() error {
		err := l.tryOwn()
		alone = err == nil
		if errors.Is(err, errLocked) {
			err = flock(l.file, false)
		}
		return err
	})
	return alone, err
}

// share takes the lock together with the other writers. It waits while one of them has it alone.
func (l *lock) share(ctx context.Context) error {
	if l.file == nil {
		return nil
	}
	return untilUnlocked(ctx, func() error { return flock(l.file, false) })
}

// untilUnlocked tries to take a lock until nobody else has it.
func untilUnlocked(ctx context.Context, try func() error) error {
	for {
		err := try()
		if !errors.Is(err, errLocked) {
			return err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tryOwn takes the lock alone, or errLocked if another writer has it. The one that was shared is
// gone then: so of several writers that find one damage, each of which gives up its own, the last
// one gets the lock.
func (l *lock) tryOwn() error {
	if l.file == nil {
		return errors.ErrUnsupported
	}
	return flock(l.file, true)
}

// note writes to the lock file what the next writer should know. What cannot be written is not
// known then.
func (l *lock) note(m mark) {
	if l.file == nil {
		return
	}
	if is, known := l.mark(); !known || is != m {
		_, _ = l.file.WriteAt([]byte(m.text(l.inode())), 0)
	}
}

// leave notes that the history at path, which was this file, has been closed, if it was by its last
// writer and SQLite has taken the WAL in.
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
