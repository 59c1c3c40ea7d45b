package repo

import (
	"context"
	"fmt"
)

// MinSizeCap is the smallest size to which a writer can be held: with less there would be room for little but the WAL and the
// next transaction.
const MinSizeCap = 4 << 20

const (
	// walShare of the size cap is the WAL's, if that is less than what it has without a cap.
	walShare = 8

	// What one transaction may add is kept free for the next one: a part of the size cap, but no more than the largest step
	// takes, and what the first bucket of each series takes on top, when each of them falls into a page of its own.
	reserveShare     = 16
	maxReserve       = 1 << 20
	reservePerSeries = 1024

	// rowBytes is what a row takes at most, in a page that is half empty: as many as fit the reserve are one step's.
	rowBytes = 128
)

// CapSize holds the file and its WAL together to so many bytes from now on, MinSizeCap at least; 0 lifts the cap. It holds for
// this writer only, and is not in the file. Whoever writes asks Crowded before each transaction, and gives history up by Trim.
//
// Errors: those of the file system.
func (w *Writer) CapSize(ctx context.Context, bytes int64) error {
	w.sizeCap = bytes
	w.checkpointAt = w.checkpointPages()
	_, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA journal_size_limit(%d)", w.walLimit()))
	return failure(ctx, "limit the WAL of", w.path, err)
}

// walLimit is the size that the WAL is cut back to when it starts anew: what this writer may have of it.
func (w *Writer) walLimit() int64 {
	if w.sizeCap == 0 {
		return walLimit
	}
	return min(walLimit, w.sizeCap/walShare)
}

// checkpointPages is the size of the WAL from which a checkpoint is due.
func (w *Writer) checkpointPages() int { return int(w.walLimit() / pageSize) }

// room is how a file stands to its size cap, in pages. What is asked of it, side by side:
//
//	over     the used pages and the reserve exceed the limit: Trim gives history up
//	crowded  over, and fewer pages are free than the reserve: the next transaction waits until Trim has made room
//	excess   how much longer than the limit the file is: Vacuum gives so many of the free pages back
//	surplus  how many pages are free beyond a tenth of the file, and beyond 256: Vacuum gives those back, with a cap or without
type room struct {
	pages

	limit   int // what the file may have
	reserve int // what the next transaction may add
}

// reserve is how many bytes one transaction may add to the file.
func (w *Writer) reserve(series int64) int64 {
	return min(maxReserve, w.sizeCap/reserveShare) + reservePerSeries*series
}

// atMost bounds the rows of a step further where there is a size cap: each row may become one of another tier.
func (w *Writer) atMost(rows, series int64) int64 {
	if w.sizeCap == 0 {
		return rows
	}
	return min(rows, w.reserve(series)/rowBytes)
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
	// The WAL reaches its limit with a transaction that may be the largest one, and counts a frame around each page.
	limit := w.sizeCap - w.walLimit() - 2*reserve
	return room{pages: file, limit: int(limit / pageSize), reserve: int(reserve / pageSize)}, nil
}

// over says that the next transaction may not fit: history has to be given up.
func (r room) over() bool { return r.total-r.free+r.reserve > r.limit }

// crowded says that the next transaction may make a file larger that has no room left.
func (r room) crowded() bool { return r.over() && r.free < r.reserve }

// Crowded says that the file must not grow, and has too few free pages for another transaction. It reads two numbers of the
// header.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) Crowded(ctx context.Context) (bool, error) {
	if w.sizeCap == 0 {
		return false, nil
	}
	room, err := w.readRoom(ctx)
	return err == nil && room.crowded(), failure(ctx, "measure", w.path, err)
}

// excess is how many pages a file has beyond its size cap, 0 without one.
func (w *Writer) excess(ctx context.Context) (int, error) {
	if w.sizeCap == 0 {
		return 0, nil
	}
	room, err := w.readRoom(ctx)
	return max(room.total-room.limit, 0), err
}
