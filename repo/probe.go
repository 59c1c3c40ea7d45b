package repo

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"

	"github.com/ncruces/go-sqlite3"
)

// probe looks at a file through a read-only connection, so that what is not ours stays as it is.
func probe(ctx context.Context, path string) (identity, error) {
	name, err := lookingDSN(path)
	if err != nil {
		return identity{}, err
	}
	pool, err := openPool(path, name, nil)
	if err != nil {
		return identity{}, err
	}
	id, err := identifyAtOnce(ctx, pool)
	if errors.Is(err, sqlite3.READONLY_ROLLBACK) {
		id, err = probeUnfinished(ctx, path)
	}
	return id, errors.Join(err, pool.Close())
}

// lookingDSN is the data source name for a look at a file that is to stay as it is.
func lookingDSN(path string, pragmas ...string) (string, error) {
	name := readerDSN(path, readerVFSName, pragmas...)
	rests, err := atRest(path)
	if rests {
		name += "&immutable=1" // or a connection that only reads leaves a -wal and a -shm behind
	}
	return name, errors.Join(err, registerReaderVFS())
}

// atRest says that a file is in WAL mode and nobody has it open: a process that does has a -wal
// beside it, and writes to that first.
func atRest(path string) (bool, error) {
	h, err := readHeader(path)
	if err != nil || !h.inWALMode() {
		return false, err
	}
	_, err = os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist), nil
}

// identifyAtOnce asks within one view of the file: what is asked while another process makes the
// history would not fit together and look like a stranger's.
func identifyAtOnce(ctx context.Context, pool *sql.DB) (identity, error) {
	// Without the end of the context endReading waits for that of the transaction.
	tx, err := pool.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return identity{}, err
	}
	id, err := identify(ctx, tx)
	return id, errors.Join(err, endReading(tx))
}
