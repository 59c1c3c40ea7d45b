package repo

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

const (
	// busyTimeout is how long a statement waits for the lock of another process, whose steps take
	// milliseconds.
	busyTimeout = 5 * time.Second

	// uncappedWALLimit is the size that the WAL is cut back to when it is reset, where there is no
	// size cap.
	uncappedWALLimit = 4 << 20

	// cacheKiB bounds the page cache of a connection, with what SQLite notes of each page.
	cacheKiB = 2560

	// spillKiB bounds what a transaction adds to the cache: on a machine of 32 bits a connection
	// has 32 MiB in all.
	spillKiB = 10240

	// pragmaParameter is what the driver calls a pragma in a data source name.
	pragmaParameter = "_pragma"
	queryOnly       = "query_only(on)"
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
	query.Add(pragmaParameter, fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
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

func writerDSN(path string, synchronous Synchronous) string {
	return dsn(path, "rw", writerVFSName,
		// It must come before the first page, or it is silently ignored.
		fmt.Sprintf("page_size(%d)", disk.PageSize),
		// auto_vacuum and journal_mode are left to setUpWriter: they write to the first page.
		fmt.Sprintf("synchronous(%s)", synchronous),
		fmt.Sprintf("journal_size_limit(%d)", uncappedWALLimit),
		"wal_autocheckpoint(0)", // checkpoints are steps of maintenance
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
		// A step with many series touches more pages than the cache has. Written to the WAL before
		// its end they would be read again, and the sums of all later frames made again.
		fmt.Sprintf("cache_spill(-%d)", spillKiB),
		fmt.Sprintf("temp_store(%s)", temporary()),
	)
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

// readerDSN ignores rules about values: they are for writers, and may call functions that only the
// writer's program has.
func readerDSN(path, vfs string, pragmas ...string) string {
	return dsn(path, "ro", vfs, append(pragmas, queryOnly, "ignore_check_constraints(on)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB))...)
}
