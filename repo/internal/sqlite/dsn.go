package sqlite

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

const (
	// BusyTimeout is how long a statement waits for the lock of another process, whose steps take
	// milliseconds.
	BusyTimeout = 5 * time.Second

	// WALLimit is the size that the WAL is cut back to when it is reset, where there is no size
	// cap.
	WALLimit = 4 << 20

	// CacheKiB bounds the page cache of a connection, with what SQLite notes of each page.
	CacheKiB = 2560

	// spillKiB bounds what a transaction adds to the cache: on a machine of 32 bits a connection
	// has 32 MiB in all.
	spillKiB = 10240

	// pragmaParameter is what the driver calls a pragma in a data source name.
	pragmaParameter = "_pragma"
	queryOnly       = "query_only(on)"

	// Lenient is a pragma with which SQLite passes over texts of a schema that are no SQL, and lets
	// them be written.
	Lenient = "writable_schema(on)"
)

// dsn returns the data source name of path with the given connection pragmas, in their order. The
// busy timeout comes first, because any pragma removes the driver's default one. The VFS is the
// driver's own if its name is empty.
func dsn(path, mode, vfs string, pragmas ...string) string {
	// modeof: the WAL gets the permissions of the file, whose content it shares.
	query := url.Values{"mode": {mode}, "modeof": {path}, "_txlock": {"immediate"}}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	query.Add(pragmaParameter, fmt.Sprintf("busy_timeout(%d)", BusyTimeout.Milliseconds()))
	// Only files of earlier versions have checksums, and what another program has written to one
	// has stale ones.
	query.Add(pragmaParameter, "checksum_verification(off)")
	for _, pragma := range pragmas {
		query.Add(pragmaParameter, pragma)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: encode(query)}
	return name.String()
}

// encode makes a query of a data source name. SQLite takes a plus sign for itself, and only %20 for
// a space.
func encode(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

// WriterDSN is the data source name of the connection of a writer.
func WriterDSN(path, synchronous string) string {
	return EditDSN(path,
		// It must come before the first page, or it is silently ignored.
		fmt.Sprintf("page_size(%d)", disk.PageSize),
		// auto_vacuum and journal_mode are left to SetUpWriter: they write to the first page.
		fmt.Sprintf("synchronous(%s)", synchronous),
		fmt.Sprintf("journal_size_limit(%d)", WALLimit),
		"wal_autocheckpoint(0)", // checkpoints are steps of maintenance
		fmt.Sprintf("cache_size(-%d)", CacheKiB),
		// A step with many series touches more pages than the cache has. Written to the WAL before
		// its end they would be read again, and the sums of all later frames made again.
		fmt.Sprintf("cache_spill(-%d)", spillKiB),
		fmt.Sprintf("temp_store(%s)", temporary()),
	)
}

// EditDSN is the data source name of a connection that changes a file, with the given pragmas and
// no others.
func EditDSN(path string, pragmas ...string) string {
	return dsn(path, "rw", writerVFSName, pragmas...)
}

// temporary is where the rows are that a step groups. In a file of TMPDIR they would wear out a
// card, want its room, and have no checksums; but on a machine of 32 bits memory is shorter.
func temporary() string {
	const plenty = 64
	if strconv.IntSize < plenty {
		return "file"
	}
	return "memory"
}

// ReaderDSN is the data source name of a connection that only reads. It ignores rules about values:
// they are for writers, and may call functions that only the writer's program has.
func ReaderDSN(path string, pragmas ...string) string {
	return readerDSN(path, readerVFSName, pragmas)
}

func readerDSN(path, vfs string, pragmas []string) string {
	return dsn(path, "ro", vfs, append(pragmas, queryOnly, "ignore_check_constraints(on)",
		fmt.Sprintf("cache_size(-%d)", CacheKiB))...)
}

// immutable has SQLite read a file as one that nobody writes, without a WAL or a journal.
const immutable = "&immutable=1"

// LookingDSN is the data source name for a look at a file that is to stay as it is.
func LookingDSN(path string, pragmas ...string) (string, error) {
	rests, err := disk.AtRest(path)
	if rests { // or a connection that only reads leaves a -wal and a -shm behind
		return RestingDSN(path, pragmas...), err
	}
	return ReaderDSN(path, pragmas...), err
}

// RestingDSN is the data source name of a file that nobody has open.
func RestingDSN(path string, pragmas ...string) string {
	return ReaderDSN(path, pragmas...) + immutable
}

// UnfinishedDSN is the data source name of a file without the journal that lies beside it.
func UnfinishedDSN(path string) string { return readerDSN(path, "", nil) + immutable }
