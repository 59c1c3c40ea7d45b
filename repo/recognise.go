package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/schema"
)

// probe looks at a file through a read-only connection, so that what is not ours stays as it is.
func probe(ctx context.Context, path string) (identity, error) {
	name, err := sqlite.LookingDSN(path)
	if err != nil {
		return identity{}, err
	}
	pool, err := sqlite.OpenPool(path, name, nil)
	if err != nil {
		return identity{}, err
	}
	id, err := identifyAtOnce(ctx, pool)
	if sqlite.AwaitsRollback(err) {
		id, err = probeUnfinished(ctx, path)
	}
	return id, errors.Join(err, pool.Close())
}

// identifyAtOnce asks within one view of the file: what is asked while another process makes the
// history would not fit together and look like a stranger's.
func identifyAtOnce(ctx context.Context, pool *sql.DB) (identity, error) {
	// Without the end of the context sqlite.EndReading waits for that of the transaction.
	tx, err := pool.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return identity{}, err
	}
	id, err := identify(ctx, tx)
	return id, errors.Join(err, sqlite.EndReading(tx))
}

// probeUnfinished looks at a file whose last transaction was interrupted and has left its rollback
// journal: a connection that only reads may not roll it back, and sees nothing. A writer that opens
// the file afterwards does, and looks again.
func probeUnfinished(ctx context.Context, path string) (identity, error) {
	fresh, err := disk.WasEmpty(path + "-journal")
	if err != nil || fresh {
		return identity{}, err
	}
	pool, err := sqlite.OpenPool(path, sqlite.UnfinishedDSN(path), nil)
	if err != nil {
		return identity{}, err
	}
	id, err := identifyAtOnce(ctx, pool)
	if err != nil { // what it lacks may be in the journal, so that it is no damage
		err = fmt.Errorf("%w: %v", ErrInterrupted, err) //nolint:errorlint // for the same reason
	}
	return id, errors.Join(err, pool.Close())
}

// recognise lets through what this program can read.
func recognise(ctx context.Context, pool *sql.DB) error {
	id, err := identifyAtOnce(ctx, pool)
	if err != nil {
		return err
	}
	if id.blank() {
		return ErrEmpty
	}
	if err := id.check(); err != nil {
		return err
	}
	if version := id.version(); version < schema.Version {
		return fmt.Errorf("its schema version is %d and this program reads %d: `wanstore maintain --db "+
			"FILE` brings it up to date",
			version, schema.Version)
	}
	return nil
}

// foreignWAL turns the refusal of what the file at path looks like into one of its WAL, where the
// file itself says that it is a history: SQLite applies whatever WAL lies there.
func foreignWAL(path string, refusal error) error {
	if !errors.Is(refusal, ErrForeign) {
		return refusal
	}
	ours, err := disk.IsHistory(path)
	if err != nil {
		return err // it is not known whose the file is
	}
	if !ours {
		return refusal
	}
	return fmt.Errorf("%w: beside it lies the WAL of another database", ErrDamaged)
}
