package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// checkBudget is how long the check at open may take, so that a program that was killed records again within a second. It
// suffices for some 50 MB; of a larger file the check sees a part, and a damaged page that it does not reach is found by its
// checksum when it is read.
const checkBudget = 500 * time.Millisecond

// errTimeUp says that the check has used up its time.
var errTimeUp = errors.New("the time of the check is up")

// check looks whether the pages of the file fit together, as far as its time goes. What the tiers say is no matter of
// damage: a page that has its checksum says what was written.
func (w *Writer) check(ctx context.Context) (whole bool, err error) {
	limited, cancel := context.WithTimeoutCause(ctx, checkBudget, errTimeUp)
	defer cancel()
	finding, err := w.quickCheck(limited)
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return false, nil
	case err != nil:
		return false, err
	case finding != "ok":
		return false, fmt.Errorf("%w: the check at open says: %s", ErrDamaged, finding)
	}
	return true, nil
}

// quickCheck returns "ok", or what SQLite's quick check has found first: in the structure of the file, and then in what the rules
// of our own tables say, of which series and clock have CHECK rules. Those of tables that somebody has added are not ours.
func (w *Writer) quickCheck(ctx context.Context) (finding string, err error) {
	if err := drain(ctx, w.conn, "PRAGMA ignore_check_constraints = on"); err != nil {
		return "", err
	}
	err = w.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&finding)
	err = errors.Join(err, drain(context.WithoutCancel(ctx), w.conn, "PRAGMA ignore_check_constraints = off"))
	if err != nil || finding != "ok" {
		return finding, err
	}
	err = w.conn.QueryRowContext(ctx, "PRAGMA quick_check(series)").Scan(&finding)
	if err != nil || finding != "ok" {
		return finding, err
	}
	err = w.conn.QueryRowContext(ctx, "PRAGMA quick_check(clock)").Scan(&finding)
	return finding, err
}

// errWALAlone says that there is a WAL, and nothing that it could belong to. SQLite would delete it.
var errWALAlone = fmt.Errorf("%w: it is empty, and beside it lies a WAL", ErrDamaged)

// checkWALAlone refuses a WAL without a history. A new file gets its first page before its WAL: so the WAL is looked at first.
func checkWALAlone(path string) error {
	if fileSize(path+"-wal") == 0 {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 0 {
		return err
	}
	return errWALAlone
}

// foreignWAL turns the refusal of what the file at path looks like into one of its WAL, where the file itself says that it is a
// history: SQLite applies whatever WAL lies there.
func foreignWAL(path string, refusal error) error {
	if !errors.Is(refusal, ErrForeign) {
		return refusal
	}
	if ours, err := isHistory(path); err != nil || !ours {
		return errors.Join(refusal, err)
	}
	return fmt.Errorf("%w: beside it lies the WAL of another database", ErrDamaged)
}

// Findings are what was found wrong with a file when it was opened for writing, and what was done about it.
type Findings struct {
	// Quarantine is the damaged file that lay there before, nil if none did.
	Quarantine *Quarantine
	// Rebuilt is what was done with a file of an earlier version, nil for one of this version.
	Rebuilt *Rebuilt
	// Unchecked says that the check has not seen the whole file in its time.
	Unchecked bool
	// LostFrames is how many pages of the WAL come after one that is damaged: SQLite leaves them out. A power cut can do
	// this to what was committed last, unless commits are synced.
	LostFrames int
	// NoWAL says that the file was not closed when it was last written, and that its WAL is gone nevertheless: unless another
	// program has taken it in, what was committed last is lost.
	NoWAL bool
	// StrayWAL is the name under which the WAL of another file was moved aside: that file was in use, and has been replaced.
	StrayWAL string
	// Restamped is how many pages had no checksum of theirs then, and got one: another program has taken the WAL in.
	Restamped int
}

// examine looks at what the last writer has left, while there is no other one. last is what the lock file says of it.
func (f *Findings) examine(path string, file fs.FileInfo, last mark) error {
	if fileSize(path+"-wal") == 0 {
		return f.examineAlone(path, last.inUse && last.isOf(file))
	}
	if last.isStray(path, file) && file.Size() > 0 {
		var err error
		f.StrayWAL, err = moveAside(path, false, time.Now())
		return err
	}
	wal, err := os.Open(path + "-wal")
	if err != nil {
		return nil //nolint:nilerr // SQLite says it better, if it can not do without
	}
	f.LostFrames, err = lostFrames(wal)
	return errors.Join(err, wal.Close())
}

// examineAlone looks at a file without a WAL, which was not closed if it was in use. Another file in its place never had that WAL.
func (f *Findings) examineAlone(path string, inUse bool) (err error) {
	if f.NoWAL = inUse && !isThere(path+"-wal"); f.NoWAL {
		f.Restamped, err = restamp(path)
	}
	return err
}
