package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// openAttempts is how often a file may be replaced, here or by another process, while it is being
// opened.
const openAttempts = 3

// openSound opens the file at path, which is no link. What is damaged is moved aside first.
func openSound(
	ctx context.Context, path string, synchronous Synchronous, show Progress,
) (*Writer, error) {
	l, err := disk.FindLock(path)
	if err != nil {
		return nil, err
	}
	o := opening{path: path, synchronous: synchronous, show: show, lock: l}
	w, err := o.try(ctx)
	for n := 1; n < openAttempts && err != nil; n++ {
		w, err = o.tryAgain(ctx, err)
	}
	if err != nil {
		return nil, errors.Join(err, o.name.Close(), o.lock.Close())
	}
	w.findings.Quarantine = o.moved
	return w, nil
}

// createThere makes the file, if it is not there, and returns where it really is. Another process
// may be moving it aside.
func createThere(path string) (there string, err error) {
	for range openAttempts {
		if err := disk.Create(path); err != nil {
			return "", err
		}
		if there, err = disk.RealPath(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return there, err
}

// opening is the state of opening one file for writing.
type opening struct {
	path        string
	synchronous Synchronous
	show        Progress // of a rebuild
	lock        *disk.Lock
	alone       bool           // the lock is exclusive
	name        *disk.NameLock // on what is being opened
	file        fs.FileInfo    // what is being opened
	moved       *Quarantine
	findings    Findings
}

// try opens the file as it is, alone or together with the writers that have it open.
func (o *opening) try(ctx context.Context) (*Writer, error) {
	if err := o.enter(ctx); err != nil {
		return nil, err
	}
	return o.open(ctx)
}

func (o *opening) enter(ctx context.Context) (err error) {
	o.alone, err = o.lock.Enter(ctx)
	return err
}

func (o *opening) open(ctx context.Context) (*Writer, error) {
	var err error
	if o.file, err = os.Lstat(o.path); err != nil {
		return nil, fmt.Errorf("%w (%w)", disk.ErrReplaced, err)
	}
	if err := o.lockName(ctx); err != nil {
		return nil, err
	}
	if err := disk.CheckWALAlone(o.path); err != nil {
		return nil, err
	}
	if err := disk.CheckHeader(o.path); err != nil {
		return nil, err
	}
	if err := o.examine(); err != nil {
		return nil, err
	}
	if err := o.mendSchema(ctx); err != nil {
		return nil, err
	}
	id, err := o.refuseForeign(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.secure(ctx); err != nil {
		return nil, err
	}
	if err := o.bringUpToDate(ctx, id); err != nil {
		return nil, err
	}
	if err := disk.MakeCompanions(o.path, true); err != nil {
		return nil, err
	}
	return o.connect(ctx)
}

// lockName locks the name of the file that is being opened, and no longer that of another one,
// which may have been moved aside.
func (o *opening) lockName(ctx context.Context) error {
	if err := o.name.Close(); err != nil {
		return err
	}
	var err error
	o.name, err = disk.LockName(ctx, o.path, o.file)
	return err
}

// examine looks at what the last writer has left, if there is no other one now.
func (o *opening) examine() error {
	last, known := o.lock.Mark()
	if !known {
		return nil
	}
	if o.alone {
		return o.findings.examine(o.path, o.file, last)
	}
	return o.mustBeTheirs(last)
}

// mustBeTheirs refuses a file that was put in the place of one that other writers have open: the
// WAL that lies there is theirs, and not the file's. They notice with their next commit.
func (o *opening) mustBeTheirs(last disk.Mark) error {
	if !last.IsStray(o.path, o.file) {
		return nil
	}
	return busy("the file was replaced, and its WAL is that of the old one, which is open still: "+
		"try again in a moment", nil)
}

// mendSchema puts right what would make the file a foreign one, or one that SQLite cannot read.
func (o *opening) mendSchema(ctx context.Context) error {
	names, err := mendSchema(ctx, o.path)
	if names != "" {
		o.findings.MendedSchema = names
	}
	return err
}

// refuseForeign refuses what is no history, and leaves it as it is. What is known to be one may
// have a journal to be rolled back, and is looked at when that has been done.
func (o *opening) refuseForeign(ctx context.Context) (identity, error) {
	if disk.HasJournal(o.path) && disk.MayQuarantine(o.path, o.lock) {
		return identity{}, nil
	}
	id, err := probe(ctx, o.path)
	if err != nil {
		return id, err
	}
	return id, foreignWAL(o.path, id.check())
}

// secure sees to it that the lock file is there, which a file that is refused does not get.
func (o *opening) secure(ctx context.Context) error {
	if !o.lock.None() {
		return nil
	}
	return o.makeLock(ctx)
}

func (o *opening) makeLock(ctx context.Context) error {
	made, err := disk.MakeLock(o.path)
	if err != nil {
		return err
	}
	o.lock = made
	return o.enter(ctx)
}

func (o *opening) connect(ctx context.Context) (*Writer, error) {
	if err := o.mustBeThere(); err != nil {
		return nil, err
	}
	w, err := connectWriter(ctx, o.path, o.synchronous)
	if err != nil {
		return nil, err
	}
	if err := w.check(ctx, &o.findings); err != nil {
		return nil, errors.Join(err, w.close())
	}
	o.lock.Note(disk.MarkOf(o.path, o.file))
	if err := o.letOthersIn(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	o.findings.OtherNames = disk.OtherLinks(o.file)
	w.lock, w.name, w.file, w.findings = o.lock, o.name, o.file, o.findings
	w.place = disk.PlaceOf(o.path)
	return w, nil
}

// mustBeThere says that the file is still at its path: with the lock nobody replaces it from here
// on.
func (o *opening) mustBeThere() error {
	if now, err := os.Lstat(o.path); err != nil || !os.SameFile(now, o.file) {
		return disk.ErrReplaced
	}
	return nil
}

// letOthersIn shares the lock from now on. Where that cannot be done at once, on some file systems,
// another process may have had it alone in between.
func (o *opening) letOthersIn(ctx context.Context) error {
	if !o.alone {
		return nil
	}
	o.alone = false
	return errors.Join(o.lock.Share(ctx), o.mustBeThere())
}
