package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
	"github.com/wanstore/wanstore/schema"
)

// Progress is told how far a rebuild has come: so much of a total is done. The goroutine that opens
// the file calls it.
type Progress func(done, total int64)

// Rebuilt says that a file of an earlier version was brought up to date.
type Rebuilt struct {
	Version int   // the one that it had
	Rows    int64 // that were copied: none of version 3, which stay in the file
	// LeftOut is how many rows were damaged: a value was not of its column, or no finite number, or
	// two had one key.
	LeftOut int64
	Took    time.Duration
}

// A file of an earlier version may have pages whose last bytes are their checksums, as the driver
// writes them; its header says so. This version has none.
const pageSumBytes = 8

// isOutdated says that a file is of an earlier version, or became one of this version in its WAL
// alone: then its header is still the old one, and a connection of the driver would go on to write
// checksums into the pages of the new one.
func (o *opening) isOutdated(id identity) (bool, error) {
	if id.version() < schema.Version {
		return id.version() > 0, nil
	}
	return hasPageSums(o.path)
}

func hasPageSums(path string) (bool, error) {
	h, err := disk.ReadHeader(path)
	return err == nil && h[sqlitefile.ReservedOffset] == pageSumBytes, err
}

// bringUpToDate rebuilds or upgrades a file of an earlier version, while no other writer has it
// open: what a program of that version wrote meanwhile would be lost.
func (o *opening) bringUpToDate(ctx context.Context, id identity) error {
	outdated, err := o.isOutdated(id)
	if err != nil {
		return err
	}
	if !outdated {
		_ = os.Remove(o.path + rebuildSuffix) // of one that was killed at its end
		return nil
	}
	if o.alone {
		return o.renewTables(ctx)
	}
	err = o.lock.TryOwn()
	if errors.Is(err, disk.ErrLocked) {
		return o.afterAnother(ctx)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) { // then SQLite's locks have to do
		return err
	}
	o.alone = err == nil
	return o.renewTables(ctx)
}

// afterAnother waits for another process, which may have been the first to get the lock and be
// rebuilding the file.
func (o *opening) afterAnother(ctx context.Context) error {
	if err := o.lock.Share(ctx); err != nil {
		return err
	}
	id, err := probe(ctx, o.path)
	if err != nil || id.version() == schema.Version {
		return err
	}
	return busy(fmt.Sprintf("its schema version is %d, and to bring it to %d nobody else may be "+
		"writing it: end the other program first", id.version(), schema.Version), disk.ErrLocked)
}

func (o *opening) renewTables(ctx context.Context) error {
	rebuilt, err := rebuild(ctx, o.path, o.show)
	if err == nil && rebuilt == nil {
		rebuilt, err = upgrade(ctx, o.path)
	}
	if err != nil {
		return fmt.Errorf("bring the file to schema version %d: %w", schema.Version, err)
	}
	if rebuilt != nil {
		o.findings.Rebuilt = rebuilt
	}
	o.lock.Leave(o.path, o.file)
	return nil
}

// rebuild copies the rows of version 1 or 2 into a new file beside it, and then the pages of that
// into the old one, in one transaction. So the file keeps its inode, owner and links, a reader
// keeps the view that it has, and at every moment the path has a whole history, of one version or
// the other: SQLite's WAL sees to that. It returns nil where only the end of an earlier rebuild was
// left to do, or nothing.
func rebuild(ctx context.Context, path string, show Progress) (rebuilt *Rebuilt, err error) {
	began := time.Now()
	old, err := openOld(ctx, path)
	if err != nil {
		return nil, err
	}
	made := newFile{path: path + rebuildSuffix, old: old}
	sums, err := hasPageSums(path)
	if err == nil && old.version < firstStated {
		sums = true
		rebuilt, err = made.replace(ctx, &steps{show: show})
	}
	if err == nil && sums {
		err = old.settle()
	}
	err = errors.Join(err, old.close(IsDamage(sqlite.Classify(ctx, err))), made.remove())
	if err == nil && rebuilt != nil {
		rebuilt.Took = time.Since(began)
	}
	return rebuilt, err
}

// replace makes the new file, and has the old one take its pages in. Whether another program writes
// meanwhile is told by the number that SQLite has for the commits of others.
func (n newFile) replace(ctx context.Context, steps *steps) (*Rebuilt, error) {
	commits, err := sqlite.PragmaInt(ctx, n.old.conn, "main.data_version")
	if err == nil {
		err = n.old.checkRoom()
	}
	if err == nil {
		err = n.create(ctx)
	}
	if err != nil {
		return nil, err
	}
	rebuilt, err := n.fill(ctx, steps)
	if err == nil {
		err = n.pour(ctx, commits, steps)
	}
	if err != nil {
		return nil, err
	}
	if _, err := n.old.conn.ExecContext(ctx, "DETACH rebuilt"); err != nil {
		return nil, err
	}
	return rebuilt, n.remove() // now, to make room for what the old file grows by
}
