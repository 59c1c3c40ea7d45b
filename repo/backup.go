package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

const (
	// backupStep is how much is copied between two looks at the context, which takes some
	// milliseconds.
	backupStep = 1 << 20
)

// Backup copies the file as it is at one moment to a new file at dest, and returns how many bytes
// that has. Nobody waits for it: the file may be written meanwhile, and only the WAL cannot be
// reset before all is copied. ReadLimit does not hold here: copying ends by itself. The copy is a
// history like any other, and passes SQLite's integrity check before it appears at dest, whole and
// with the permissions of the file. Nothing is overwritten, and nothing is left behind by a
// failure.
//
// Errors: ErrNoPath, ErrDirectory, fs.ErrExist if there is anything at dest, ErrDamaged if the copy
// fails its check, ErrOtherName, those of the file system, and that of ctx.
func (r *Reader) Backup(ctx context.Context, dest string) (int64, error) {
	size, err := r.backup(ctx, dest)
	return size, sqlite.Failure(ctx, "back up", r.path, err)
}

func (r *Reader) backup(ctx context.Context, dest string) (int64, error) {
	dest, err := disk.BackupPath(dest, r.path)
	if err != nil {
		return 0, err
	}
	source, err := os.Stat(r.path)
	if err != nil {
		return 0, err
	}
	file, err := disk.CreateUnnamed(dest)
	if err != nil {
		return 0, err
	}
	size, err := r.fill(ctx, file, source.Mode().Perm())
	if err == nil {
		err = file.Publish(dest)
	}
	return size, errors.Join(err, file.Close())
}

// fill makes a checked copy of the history, and returns its size. It is on the disk then.
func (r *Reader) fill(
	ctx context.Context, file *disk.UnnamedFile, mode os.FileMode,
) (int64, error) {
	if err := r.copyTo(ctx, file.Path()); err != nil {
		return 0, err
	}
	if err := file.Settle(mode); err != nil {
		return 0, err
	}
	if err := checkCopy(ctx, file.Path()); err != nil {
		return 0, err
	}
	return file.Size()
}

// copyTo copies one view of the history into the empty file at path, page by page: it is in WAL
// mode too, and has the same free pages. VACUUM INTO would pack it, but takes more than twice as
// long, and makes a file that is not in WAL mode.
func (r *Reader) copyTo(ctx context.Context, path string) error {
	conn, err := r.pool.Conn(ctx)
	if err != nil {
		return err
	}
	// Cancellation is looked at between two steps; the view must not end under the copy.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	// The view is opened by the first look at the file. Without one each step would have a view of
	// its own, and all would start over whenever somebody has written in between.
	_, err = sqlite.PragmaInt(ctx, tx, "user_version")
	if err == nil {
		err = copyView(ctx, conn, tx, path)
	}
	return errors.Join(err, sqlite.EndReading(tx), conn.Close())
}

func copyView(ctx context.Context, conn *sql.Conn, tx *sql.Tx, path string) error {
	size, err := sqlite.PragmaInt(ctx, tx, "page_size")
	if err != nil {
		return err
	}
	return sqlite.CopyOut(ctx, conn, path, backupStep/size)
}

// checkCopy looks whether the file at path, which nobody else has open, is a sound history of this
// program.
func checkCopy(ctx context.Context, path string) error {
	name, err := sqlite.LookingDSN(path) // or SQLite would put a -wal and a -shm beside it
	if err != nil {
		return err
	}
	pool, err := sqlite.OpenPool(path, name, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(recognise(ctx, pool), pool.Close()); err != nil {
		return err
	}
	found, err := checkIntegrity(ctx, path, name)
	if err == nil && found.damage != "" {
		return fmt.Errorf("%w: the integrity check of the copy says: %s", ErrDamaged, found.damage)
	}
	return err
}
