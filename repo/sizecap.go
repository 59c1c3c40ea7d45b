package repo

import (
	"context"
	"fmt"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// MinSizeCap is the smallest size to which a writer can be held: with less there would be room for
// little but the WAL and the next transaction.
const MinSizeCap = 4 << 20

const (
	// What one transaction may add is kept free for the next one: a part of the size cap, but no
	// more than the largest step takes, and what the first bucket of each series takes on top, when
	// each of them falls into a page of its own.
	reserveShare     = 16
	maxReserve       = 1 << 20
	reservePerSeries = 1024

	// largestShare of the cap is what is kept free at most because a transaction has once written
	// so much.
	largestShare = 8

	// rowBytes is what a row takes at most as a rule, an hour with its sketch in pages that are two
	// thirds full: as many as fit the reserve are one step's.
	rowBytes = 384

	// toleranceShare of the cap is how far beyond it file and WAL may be.
	toleranceShare = 20
)

// CapSize holds the file and its WAL together to so many bytes from now on, MinSizeCap at least; 0
// lifts the cap. It holds for this writer only, and is not in the file. A writer asks MustTrim
// before each transaction, and gives history up by Trim.
//
// Errors: those of the file system.
func (w *Writer) CapSize(ctx context.Context, bytes int64) error {
	w.sizeCap = bytes
	w.checkpointAt = w.checkpointPages()
	_, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA journal_size_limit(%d)", w.walLimit()))
	return sqlite.Failure(ctx, "limit the WAL of", w.path, err)
}

// room is how a file stands to its size cap, in pages. The questions it answers, side by side:
//
//	over      the used pages and the reserve exceed the limit: Trim gives history up
//	mustTrim  over, and fewer pages are free than the reserve: the next transaction waits until
//	          Trim has made room
//	excess    how much longer than the limit the file is: Vacuum gives so many of the free pages
//	          back
//	surplus   how many pages are free beyond a tenth of the file, and beyond 256: Vacuum gives those
//	          back, with a cap or without
type room struct {
	pages

	limit   int // what the file may have
	reserve int // what the next transaction may add
}

// reserve is how many bytes one transaction may add to the file, and write: what is planned for, or
// as much as one has written before, where late samples or many states have put each row into a
// page of its own.
func (w *Writer) reserve(series int64) int64 {
	written := int64(w.largest) * sqlitefile.FrameBytes(w.pageSize)
	return max(w.planned(series), min(written, w.sizeCap/largestShare))
}

// planned is how many bytes a step is cut to.
func (w *Writer) planned(series int64) int64 {
	return stepReserve(w.sizeCap) + reservePerSeries*series
}

func stepReserve(sizeCap int64) int64 { return min(maxReserve, sizeCap/reserveShare) }

// atMost bounds the rows of a step further where there is a size cap: each row may become one of
// another tier.
func (w *Writer) atMost(rows, series int64) int64 {
	if w.sizeCap == 0 {
		return rows
	}
	return min(rows, w.planned(series)/rowBytes)
}

// readRoom says how much room there is under the cap.
func (w *Writer) readRoom(ctx context.Context) (room, error) {
	file, err := readPages(ctx, w.conn)
	if err != nil {
		return room{}, err
	}
	series, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return room{}, err
	}
	reserve := w.reserve(series)
	// The WAL reaches its limit with a transaction that may be the largest one, and counts a frame
	// around each page.
	limit := w.sizeCap - w.walLimit() - 2*reserve
	inPages := func(bytes int64) int { return int(bytes / w.pageSize) }
	return room{pages: file, limit: inPages(limit), reserve: inPages(reserve)}, nil
}

// over says that the next transaction may not fit: history has to be given up.
func (r room) over() bool { return r.total-r.free+r.reserve > r.limit }

// mustTrim says that the next transaction may make a file larger that has no room left.
func (r room) mustTrim() bool { return r.over() && r.free < r.reserve }

// MustTrim says that the file must not grow, and has too few free pages for another transaction. It
// reads two numbers of the header.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) MustTrim(ctx context.Context) (bool, error) {
	if w.sizeCap == 0 {
		return false, nil
	}
	room, err := w.readRoom(ctx)
	return err == nil && room.mustTrim(), sqlite.Failure(ctx, "measure", w.path, err)
}

// excess is how many pages a file has beyond its size cap, 0 without one.
func (w *Writer) excess(ctx context.Context) (int, error) {
	if w.sizeCap == 0 {
		return 0, nil
	}
	room, err := w.readRoom(ctx)
	return max(room.total-room.limit, 0), err
}

// OverCap says that file and WAL are larger than the size cap by more than a twentieth, or will be
// when the WAL has been copied. It reads a number of the header.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) OverCap(ctx context.Context) (bool, error) {
	if w.sizeCap == 0 {
		return false, nil
	}
	total, err := sqlite.PragmaInt(ctx, w.conn, "page_count")
	beyond := int64(total)*w.pageSize + w.WALBytes() - w.sizeCap
	over := beyond > w.sizeCap/toleranceShare
	return err == nil && over, sqlite.Failure(ctx, "measure", w.path, err)
}
