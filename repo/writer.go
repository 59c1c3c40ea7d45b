package repo

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/block"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Synchronous says when a commit is on the disk.
type Synchronous string

const (
	// SynchronousNormal syncs at checkpoints: a power loss may take what was committed since the
	// last one, never more, and the file stays whole.
	SynchronousNormal Synchronous = "NORMAL"
	// SynchronousFull syncs at every commit.
	SynchronousFull Synchronous = "FULL"
)

// Writer changes a history file. It is for one goroutine.
type Writer struct {
	path string
	pool *sql.DB
	conn *sql.Conn // the pool's only connection
	q    *db.Queries

	control sqlite.Control // of its transactions

	pageSize     int64
	walPages     int // pages in the WAL after the last commit of this connection
	checkpointAt int // pages in the WAL from which the next checkpoint is due

	sizeCap int64 // bytes of file and WAL together, 0 for no cap
	largest int   // pages that the largest transaction has written

	synchronous Synchronous
	lock        *disk.Lock     // shared with the other writers of the file
	unshared    bool           // and given up until the next transaction
	name        *disk.NameLock // by which it has the file open
	file        fs.FileInfo    // which file this is
	place       disk.Place     // where it lies
	findings    Findings
	gone        bool        // it is closed and could not be renewed yet
	failed      error       // why not
	doubted     bool        // damage was found in it, and not when it was opened again
	moved       *Quarantine // what was done with it then
	life        *life       // of the connection
	unsound     *seal.Log   // rows that were left out
	known       known       // of the newest samples
	made        []string    // metrics that series were made of
	ages        Ages        // the policy that was set last
	swept       sweptFloors // below which there are no buckets

	// What Append uses again.
	fresh   []block.Sample
	late    []int
	parts   [][]block.Sample
	encoder block.Encoder
	payload []byte
	row     seal.Row

	states functions.Folded // what a step of a roll-up makes of states
}

// OpenWriter opens the file at path for writing. It makes the file and its directory where they are
// missing. A file of an earlier version is rebuilt, which takes room beside it for two and a half
// times its size for a while. A history that is damaged is moved aside, and a new file takes its
// place. Findings says both, and Quarantined lists what lies there. It blocks while another process
// is opening the file.
//
// Errors: ErrNoPath, ErrDirectory, ErrNotDatabase, ErrForeign, ErrIncomplete, ErrTooNew,
// ErrOtherName, ErrBusy, ErrDiskFull, and those of the file system; ErrInterrupted where nothing
// says whose the file is; ErrDamaged where the file cannot be moved aside: another process has it
// open for writing, there is no lock file and none can be made, a rename fails, or somebody has put
// it there and may still be copying it, since it was changed less than five seconds ago. A file
// that is refused is left untouched.
func OpenWriter(ctx context.Context, path string, synchronous Synchronous) (*Writer, error) {
	return OpenWriterWithProgress(ctx, path, synchronous, nil)
}

// OpenWriterWithProgress is OpenWriter, and tells how far it has come where the file is of an
// earlier version, which takes about a second for each 10 MB.
//
// Errors: those of OpenWriter.
func OpenWriterWithProgress(
	ctx context.Context, path string, synchronous Synchronous, show Progress,
) (*Writer, error) {
	w, err := openWriter(ctx, path, synchronous, show)
	if err != nil {
		return nil, sqlite.Failure(ctx, "open", path, err)
	}
	return w, nil
}

func openWriter(
	ctx context.Context, path string, synchronous Synchronous, show Progress,
) (*Writer, error) {
	if err := disk.CheckFile(path); err != nil && !errors.Is(err, ErrMissing) {
		return nil, err
	}
	path, err := createThere(path)
	if err != nil {
		return nil, err
	}
	return openSound(ctx, path, synchronous, show)
}

// connectWriter opens the connection. Where several processes make one new file at once, SQLite
// says BUSY to some of them without waiting, when they switch it to WAL: these try again.
func connectWriter(ctx context.Context, path string, synchronous Synchronous) (*Writer, error) {
	log, name := new(seal.Log), sqlite.WriterDSN(path, string(synchronous))
	for giveUp := time.Now().Add(sqlite.BusyTimeout); ; {
		pool, err := sqlite.OpenPool(path, name, sqlite.SetUpWriter(log))
		if err != nil {
			return nil, err
		}
		pool.SetMaxOpenConns(1)
		w := &Writer{path: path, pool: pool, synchronous: synchronous, life: new(life), unsound: log,
			swept: sweptFloors{}}
		err = w.connect(ctx)
		if err == nil {
			return w, nil
		}
		again := sqlite.IsBusy(err)
		err = errors.Join(err, w.close())
		if !again || time.Now().After(giveUp) {
			return nil, err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (w *Writer) connect(ctx context.Context) error {
	var err error
	if w.conn, err = w.pool.Conn(ctx); err != nil {
		return err
	}
	if err := begin(ctx, w.conn, w.path); err != nil {
		return err
	}
	size, err := sqlite.PragmaInt(ctx, w.conn, "page_size")
	if err != nil {
		return err
	}
	w.pageSize = int64(size)
	w.checkpointAt = w.checkpointPages()
	if w.q, err = prepare(ctx, w.conn); err != nil {
		return err
	}
	if w.control, err = sqlite.PrepareControl(ctx, w.conn); err != nil {
		return err
	}
	if err := w.mendSeries(ctx); err != nil {
		return err
	}
	return w.watchWAL()
}

// Close closes the file. The last process to do so checkpoints the WAL and removes it, unless the
// mount of the file is gone.
func (w *Writer) Close() error {
	if w.gone {
		return nil // it could not be renewed
	}
	if w.unmounted() {
		return sqlite.Failure(context.Background(), "close", w.path, w.abandon())
	}
	err := sqlite.LeaveWALAtEnd(w.conn, false)
	err = errors.Join(err, w.close())
	w.lock.Leave(w.path, w.file)
	return sqlite.Failure(context.Background(), "close", w.path, errors.Join(err, w.unlock()))
}

func (w *Writer) close() error {
	var errs []error
	if w.q != nil {
		errs = append(errs, w.q.Close())
	}
	errs = append(errs, w.control.Close())
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	return errors.Join(append(errs, w.pool.Close())...)
}

// Path returns the absolute path of the file.
func (w *Writer) Path() string { return w.path }

// update runs f in a write transaction, and names the operation in its error.
func (w *Writer) update(ctx context.Context, operation string, f func() error) error {
	if err := w.missing(); err != nil {
		return sqlite.Failure(ctx, operation, w.path, err)
	}
	err := w.shareAgain(ctx)
	if err == nil {
		err = w.control.Immediately(ctx, w.conn, f)
	}
	return sqlite.Failure(ctx, operation, w.path, err)
}

// unlock lets others have the file.
func (w *Writer) unlock() error { return errors.Join(w.name.Close(), w.lock.Close()) }

// shareAgain takes the lock again that was given up for the last process to find the damage, which
// is for before anything is written. The file may have been moved aside meanwhile.
func (w *Writer) shareAgain(ctx context.Context) error {
	if !w.unshared {
		return nil
	}
	if err := w.lock.Share(ctx); err != nil {
		return err
	}
	w.unshared = false
	if w.Lost() {
		return disk.ErrReplaced
	}
	return nil
}
