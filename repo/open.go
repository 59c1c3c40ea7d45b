package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

const (
	// applicationID marks a file as ours: "WANS" in ASCII.
	applicationID = 0x57414e53

	// pageSize of 512 bytes writes less than half of what 4096 does: each commit rewrites the last leaf of raw_samples, its
	// neighbours and what leads to it, however little was added. Reading is as fast. docs/BENCHMARKS.md has the figures.
	pageSize = 512

	// busyTimeout is how long a statement waits for the lock of another process, whose steps take milliseconds.
	busyTimeout = 5 * time.Second

	// uncappedWALLimit is the size that the WAL is cut back to when it starts anew, where there is no size cap.
	uncappedWALLimit = 4 << 20

	// cachePages bounds the page cache of a connection to 2 MiB.
	cachePages = (2 << 20) / pageSize

	// spillPages bounds what a transaction adds to the cache, 8 MiB: on a machine of 32 bits a connection has 32 MiB in all.
	spillPages = (8 << 20) / pageSize

	// incremental is the number of the auto_vacuum that a history has.
	incremental = 2

	directoryMode = 0o750
	fileMode      = 0o640
)

// dsn returns the data source name of path with the given connection pragmas, in their order. The busy timeout comes
// first, because any pragma removes the driver's default one. The VFS is the driver's own if its name is empty.
func dsn(path, mode, vfs string, pragmas ...string) string {
	// modeof: the WAL gets the permissions of the file, whose content it shares.
	query := url.Values{"mode": {mode}, "modeof": {path}, "_txlock": {"immediate"}}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	query.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	// Only files of earlier versions have checksums, and what another program has written to one has stale ones.
	query.Add("_pragma", "checksum_verification(off)")
	for _, pragma := range pragmas {
		query.Add("_pragma", pragma)
	}
	// SQLite takes a plus sign for itself, and only %20 for a space.
	text := strings.ReplaceAll(query.Encode(), "+", "%20")
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: text}
	return name.String()
}

func writerDSN(path string, synchronous Synchronous) string {
	return dsn(path, "rw", writerVFSName,
		// It must come before the first page, or it is silently ignored.
		fmt.Sprintf("page_size(%d)", pageSize),
		// auto_vacuum and journal_mode are left to setUpWriter: they write the first page.
		fmt.Sprintf("synchronous(%s)", synchronous),
		fmt.Sprintf("journal_size_limit(%d)", uncappedWALLimit),
		"wal_autocheckpoint(0)", // checkpoints are steps of maintenance
		fmt.Sprintf("cache_size(%d)", cachePages),
		// A step with many series touches more pages than the cache has. Written to the WAL before its end they would be read
		// again, and all of their sums made anew.
		fmt.Sprintf("cache_spill(%d)", spillPages),
		fmt.Sprintf("temp_store(%s)", temporary()),
	)
}

// temporary is where the rows are that a step groups. In a file of TMPDIR they would wear out a card, want its room, and have no
// checksums; but on a machine of 32 bits memory is shorter.
func temporary() string {
	const plenty = 64
	if strconv.IntSize < plenty {
		return "file"
	}
	return "memory"
}

// readerDSN says how large pages are: of a file that is empty SQLite assumes another size, and where it has been begun meanwhile, the
// driver would find that its first page, read so, does not match its checksum.
func readerDSN(path, vfs string, pragmas ...string) string {
	return dsn(path, "ro", vfs, append(pragmas, fmt.Sprintf("page_size(%d)", pageSize), "query_only(on)",
		fmt.Sprintf("cache_size(%d)", cachePages))...)
}

// create makes the file and its directory, if they are not there.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), directoryMode); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	return file.Close()
}

// realPath is where a file really is: SQLite keeps the WAL beside that, and not beside a link.
func realPath(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// checkFile refuses what can not be a database, without opening it as one.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w (%w)", ErrMissing, err)
	case err != nil:
		return err
	case info.IsDir():
		return ErrDirectory
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: not even a regular file", ErrNotDatabase)
	default:
		return nil
	}
}

// identity is what a database says of itself.
type identity struct {
	applicationID int
	version       int
	tables        int
	wanctl        bool // it has wanctl's table metrics
	pages         int
	vacuum        int // auto_vacuum, which is settled with the first page
}

// blank says that nothing has been written to the database yet, or no more than a history begins with. A database that
// another program has made and emptied can not become one.
func (i identity) blank() bool {
	return i.applicationID == 0 && i.version == 0 && i.tables == 0 && (i.pages == 0 || i.vacuum == incremental)
}

// check refuses a database that is not ours or newer than this program.
func (i identity) check(latest int) error {
	switch {
	case i.applicationID == applicationID && i.version > latest:
		return fmt.Errorf("%w: its schema version is %d and this program knows up to %d: update the program",
			ErrTooNew, i.version, latest)
	case i.applicationID == applicationID && i.version > 0, i.blank():
		return nil
	case i.wanctl:
		return fmt.Errorf("%w: it holds the table metrics of wanctl: name another file for the history, and take this one in by "+
			"`wanstore import --format wanctl`", ErrForeign)
	default:
		return fmt.Errorf("%w: application_id is %#x, want %#x: name another file", ErrForeign, i.applicationID, applicationID)
	}
}

// queryer is a connection or a pool, for what is asked outside the generated queries.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func identify(ctx context.Context, q queryer) (identity, error) {
	var id identity
	var err error
	if id.applicationID, err = pragmaInt(ctx, q, "application_id"); err != nil {
		return id, err
	}
	if id.version, err = pragmaInt(ctx, q, "user_version"); err != nil {
		return id, err
	}
	if id.pages, err = pragmaInt(ctx, q, "page_count"); err != nil {
		return id, err
	}
	if id.vacuum, err = pragmaInt(ctx, q, "auto_vacuum"); err != nil {
		return id, err
	}
	names, err := tableNames(ctx, q)
	id.tables = len(names)
	id.wanctl = slices.Contains(names, "metrics")
	return id, err
}

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
		name += "&immutable=1" // or a read-only connection makes a -wal and a -shm, and leaves them behind
	}
	return name, errors.Join(err, registerReaderVFS())
}

// atRest says that a file is in WAL mode and nobody has it open: whoever does has a -wal beside it, and writes to that first.
func atRest(path string) (bool, error) {
	h, err := readHeader(path)
	if err != nil || !h.inWALMode() {
		return false, err
	}
	_, err = os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist), nil
}

// identifyAtOnce asks within one view of the file: what is asked while another process makes the history would not fit
// together and look like a stranger's.
func identifyAtOnce(ctx context.Context, pool *sql.DB) (identity, error) {
	tx, err := pool.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true}) // so that endReading waits for its end
	if err != nil {
		return identity{}, err
	}
	id, err := identify(ctx, tx)
	return id, errors.Join(err, endReading(tx))
}
