package disk

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

// ErrLocked says that another writer holds the lock.
var ErrLocked = errors.New("another process has it open for writing")

// Lock is the lock file of a history. Without a file it is none: where this process may not make or
// open one, it goes on without, and then cannot quarantine anything.
type Lock struct {
	file *os.File
}

// None says that there is no lock file, or none that this process may open.
func (l *Lock) None() bool { return l.file == nil }

// FindLock opens the lock file of the history at path, if it has one.
func FindLock(path string) (*Lock, error) {
	file, err := openLock(path + lockSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission),
		errors.Is(err, errors.ErrUnsupported):
		return &Lock{}, nil
	case err != nil:
		return nil, err
	}
	return &Lock{file: file}, nil
}

// MakeLock makes the lock file of the history at path, with its owner and permissions, and opens
// it.
func MakeLock(path string) (*Lock, error) {
	like, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	err = MakeLike(path+lockSuffix, like)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) &&
		!errors.Is(err, errLocksOut) {
		return nil, err
	}
	return FindLock(path)
}

// Mark returns what the lock file says of the history, and whether there has been one beside it at
// all.
func (l *Lock) Mark() (m Mark, known bool) {
	if l.file == nil {
		return Mark{}, false
	}
	return readMark(l.file, l.inode())
}

// inode returns the number that the file system has for the lock file now, 0 where it does not say.
func (l *Lock) inode() uint64 {
	info, err := l.file.Stat()
	if err != nil {
		return 0
	}
	return inode(info)
}

// Enter takes the lock for opening the history: alone if nobody else has it, or else together with
// the writers that have it open. The one that opens it alone may be making, moving or rebuilding
// it, and is waited for.
func (l *Lock) Enter(ctx context.Context) (alone bool, err error) {
	if l.file == nil {
		return false, nil
	}
	err = untilUnlocked(ctx, func() error {
		err := l.TryOwn()
		alone = err == nil
		if errors.Is(err, ErrLocked) {
			err = Flock(l.file, false)
		}
		return err
	})
	return alone, err
}

// Share takes the lock together with the other writers. It waits while one of them has it alone.
func (l *Lock) Share(ctx context.Context) error {
	if l.file == nil {
		return nil
	}
	return untilUnlocked(ctx, func() error { return Flock(l.file, false) })
}

// untilUnlocked tries to take a lock until nobody else has it.
func untilUnlocked(ctx context.Context, try func() error) error {
	for {
		err := try()
		if !errors.Is(err, ErrLocked) {
			return err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// TryOwn takes the lock alone, or ErrLocked if another writer has it. The one that was shared is
// gone then: so of several writers that find one damage, each of which gives up its own, the last
// one gets the lock.
func (l *Lock) TryOwn() error {
	if l.file == nil {
		return errors.ErrUnsupported
	}
	return Flock(l.file, true)
}

// Note writes to the lock file what the next writer should know. What cannot be written is not
// known then.
func (l *Lock) Note(m Mark) {
	if l.file == nil {
		return
	}
	if is, known := l.Mark(); !known || is != m {
		_, _ = l.file.WriteAt([]byte(m.text(l.inode())), 0)
	}
}

// Leave notes that the history at path, which was this file, has been closed, if it was by its last
// writer and SQLite has taken the WAL in.
func (l *Lock) Leave(path string, file fs.FileInfo) {
	if l.file != nil && l.TryOwn() == nil && !Exists(path+"-wal") {
		l.Note(Mark{file: inode(file)})
	}
}

// Close gives the lock up. A second call does nothing.
func (l *Lock) Close() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
