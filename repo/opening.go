package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// openAttempts is how often a file may be replaced, here or by another process, while it is being
// opened.
const openAttempts = 3

// errReplaced says that another process has put another file in the place of the one that was being
// opened.
var errReplaced = errors.New("the file was replaced while it was being opened")

// openSound opens the file at path, which is no link. What is damaged is moved aside first.
func openSound(
	ctx context.Context, path string, synchronous Synchronous, show Progress,
) (*Writer, error) {
	l, err := findLock(path)
	if err != nil {
		return nil, err
	}
	o := opening{path: path, synchronous: synchronous, show: show, lock: l}
	w, err := o.try(ctx)
	for n := 1; n < openAttempts && err != nil; n++ {
		w, err = o.tryAgain(ctx, err)
	}
	if err != nil {
		return nil, errors.Join(err, o.name.close(), o.lock.close())
	}
	w.findings.Quarantine = o.moved
	return w, nil
}

// createThere makes the file, if it is not there, and returns where it really is. Another process
// may be moving it aside.
func createThere(path string) (there string, err error) {
	for range openAttempts {
		if err := create(path); err != nil {
			return "", err
		}
		if there, err = realPath(path); !errors.Is(err, fs.ErrNotExist) {
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
	lock        *lock
	alone       bool        // the lock is exclusive
	name        *nameLock   // on what is being opened
	file        fs.FileInfo // what is being opened
	moved       *Quarantine
	findings    Findings
}

// tryAgain opens the file after a try has failed, if there is hope, or returns why there is none.
// What looks damaged is looked at while there is no other writer, and moved aside if it is: a file
// that is not in use for writing is read without locks at first, and what somebody then begins to
// write looks like damage.
func (o *opening) tryAgain(ctx context.Context, failed error) (*Writer, error) {
	if errors.Is(failed, errReplaced) {
		if err := create(o.path); err != nil {
			return nil, err
		}
		return o.try(ctx)
	}
	if errors.Is(failed, errIndex) {
		return o.withoutIndex(ctx)
	}
	if errors.Is(failed, errArriving) || !IsDamage(classify(ctx, failed)) ||
		!mayQuarantine(o.path, o.lock) {
		return nil, failed
	}
	if !o.alone {
		if err := o.becomeAlone(ctx); err != nil {
			return o.withOthers(ctx, cannotMove(failed, err))
		}
		var w *Writer
		if w, failed = o.open(ctx); failed == nil {
			return w, nil
		}
	}
	if damage := classify(ctx, failed); IsDamage(damage) && !errors.Is(failed, errIndex) {
		if err := o.moveAside(damage); err != nil {
			return nil, err
		}
		return o.try(ctx)
	}
	return nil, failed
}

// becomeAlone takes the lock alone. Without success there is none.
func (o *opening) becomeAlone(ctx context.Context) error {
	if o.lock.file == nil {
		if err := o.makeLock(ctx); err != nil || o.alone {
			return err
		}
	}
	err := o.lock.tryOwn()
	o.alone = err == nil
	return err
}

// withOthers goes on where another process has a damaged file open for writing: it may have been
// the first to move that aside, and have made a new one.
func (o *opening) withOthers(ctx context.Context, failed error) (*Writer, error) {
	if err := o.lock.share(ctx); err != nil {
		return nil, errors.Join(failed, err)
	}
	if now, err := os.Lstat(o.path); err != nil || os.SameFile(now, o.file) {
		return nil, failed
	}
	return o.open(ctx)
}

func (o *opening) moveAside(damage error) error {
	if err := o.arriving(damage); err != nil {
		return err
	}
	o.lock.note(markOf(o.path, o.file)) // for the next process, which may find it half moved
	moved, err := quarantine(o.path, o.file, damage)
	if moved != nil {
		o.moved = moved
		o.findings.Rebuilt, o.findings.MendedSchema = nil, ""
		o.lock.note(mark{}) // which was of the file that has gone
	}
	return err
}

// try opens the file as it is, alone or together with the writers that have it open.
func (o *opening) try(ctx context.Context) (*Writer, error) {
	if err := o.enter(ctx); err != nil {
		return nil, err
	}
	return o.open(ctx)
}

func (o *opening) enter(ctx context.Context) (err error) {
	o.alone, err = o.lock.enter(ctx)
	return err
}

func (o *opening) open(ctx context.Context) (*Writer, error) {
	var err error
	if o.file, err = os.Lstat(o.path); err != nil {
		return nil, fmt.Errorf("%w (%w)", errReplaced, err)
	}
	if err := o.lockName(ctx); err != nil {
		return nil, err
	}
	if err := checkWALAlone(o.path); err != nil {
		return nil, err
	}
	if err := checkHeader(o.path); err != nil {
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
	if err := makeCompanions(o.path, true); err != nil {
		return nil, err
	}
	return o.connect(ctx)
}

// lockName locks the name of the file that is being opened, and no longer that of another one,
// which may have been moved aside.
func (o *opening) lockName(ctx context.Context) error {
	if err := o.name.close(); err != nil {
		return err
	}
	var err error
	o.name, err = lockName(ctx, o.path, o.file)
	return err
}

// examine looks at what the last writer has left, if there is no other one now.
func (o *opening) examine() error {
	last, known := o.lock.mark()
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
func (o *opening) mustBeTheirs(last mark) error {
	if !last.isStray(o.path, o.file) {
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
	if hasJournal(o.path) && mayQuarantine(o.path, o.lock) {
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
	if o.lock.file != nil {
		return nil
	}
	return o.makeLock(ctx)
}

func (o *opening) makeLock(ctx context.Context) error {
	made, err := makeLock(o.path)
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
	o.lock.note(markOf(o.path, o.file))
	if err := o.letOthersIn(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	o.findings.OtherNames = otherLinks(o.file)
	w.lock, w.name, w.file, w.findings = o.lock, o.name, o.file, o.findings
	w.place = placeOf(o.path)
	return w, nil
}

// mustBeThere says that the file is still at its path: with the lock nobody replaces it from here
// on.
func (o *opening) mustBeThere() error {
	if now, err := os.Lstat(o.path); err != nil || !os.SameFile(now, o.file) {
		return errReplaced
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
	return errors.Join(o.lock.share(ctx), o.mustBeThere())
}

// Findings returns what was found when the file was opened, the last time.
func (w *Writer) Findings() Findings { return w.findings }

// Lost says that what is at the path is not the file of this writer: it was moved away or removed,
// or the writer could not be renewed. It looks at the path, and at nothing else.
func (w *Writer) Lost() bool {
	if w.gone {
		return true
	}
	now, err := os.Lstat(w.path) // a link that leads to the file by now is another name
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, w.file)
}

// renamed says that the file was moved away from its path, where now is nothing, or a link to it.
func (w *Writer) renamed() bool {
	now, err := os.Stat(w.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && w.Lost() && os.SameFile(now, w.file)
}

// Ended says that the connection of this writer has ended, for want of memory, and nothing works
// until it has been renewed. The file is sound.
func (w *Writer) Ended() bool { return !w.gone && hasEnded(w.conn) }

// Renew lets go of a file that is damaged, for which damage says how, or that Lost has found to be
// away, or of a connection that has Ended, and opens the one that is at the path then: a damaged
// one is moved aside first. Everything that the writer knew of the old file is forgotten, the size
// cap holds on. After a failure the writer has the file that it had or none at all, which Lost
// tells apart; with none, everything fails until it has been renewed.
//
// Errors: ErrMountGone, and the file is closed then; ErrDamaged when another process has the file
// open for writing, which then stays where it is; and those of OpenWriter.
func (w *Writer) Renew(ctx context.Context, damage error) error {
	w.failed = w.renew(ctx, damage)
	return failure(ctx, "renew", w.path, w.failed)
}

func (w *Writer) renew(ctx context.Context, damage error) error {
	if err := w.letGoOrAbandon(damage); err != nil {
		return err
	}
	next, err := openWriter(ctx, w.path, w.synchronous, nil)
	if err != nil {
		return err
	}
	if next.findings.Quarantine == nil {
		next.findings.Quarantine = w.moved
		next.doubted = w.doubted && w.moved == nil
	}
	return w.become(ctx, next)
}

// letGo closes the file. If it is damaged and in its place, the next process to open it looks at it
// again, and moves it aside if it is damaged still; damage that this does not find is believed the
// second time.
func (w *Writer) letGo(damage error) (err error) {
	if w.gone {
		return nil // that was done before
	}
	if errors.Is(damage, errIndex) {
		return w.letGoOfIndex()
	}
	damaged := IsDamage(damage) && !w.Lost()
	if damaged {
		if err := w.lock.tryOwn(); err != nil {
			w.unshared = true
			return cannotMove(bare(damage), err)
		}
	}
	if !damaged && w.renamed() {
		w.takeWAL()
	}
	_ = w.close() // what the end of such a file says adds nothing
	w.gone = true
	if damaged && w.doubted {
		if w.moved, err = quarantine(w.path, w.file, bare(damage)); w.moved != nil {
			w.lock.note(mark{})
		}
	}
	if damaged && !w.doubted {
		w.doubted = true
		err = dropIndex(w.path)
	}
	return errors.Join(err, w.unlock())
}

// unlock lets others have the file.
func (w *Writer) unlock() error { return errors.Join(w.name.close(), w.lock.close()) }

// shareAgain takes the lock again that was given up for the last process to find the damage, which
// is for before anything is written. The file may have been moved aside meanwhile.
func (w *Writer) shareAgain(ctx context.Context) error {
	if !w.unshared {
		return nil
	}
	if err := w.lock.share(ctx); err != nil {
		return err
	}
	w.unshared = false
	if w.Lost() {
		return errReplaced
	}
	return nil
}

// dropIndex removes the index of the WAL: a damaged one makes a sound file look damaged, and SQLite
// rebuilds it from the WAL. Nobody writes the file; a reader keeps what was removed.
func dropIndex(path string) error {
	if err := os.Remove(path + "-shm"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// become takes over what another writer has opened.
func (w *Writer) become(ctx context.Context, next *Writer) error {
	if w.sizeCap != 0 {
		if err := next.CapSize(ctx, w.sizeCap); err != nil {
			return errors.Join(err, next.Close())
		}
	}
	*w = *next
	return w.watchWAL()
}
