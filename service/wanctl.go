package service

import (
	"context"

	"github.com/wanstore/wanstore/repo/wanctl"
)

// What can be wrong with a database of wanctl. All are found with errors.Is.
var (
	// ErrNotWanctl reports a database without a table metrics as wanctl makes it.
	ErrNotWanctl = wanctl.ErrNotWanctl
	// ErrWanctlSlow reports a question to a database of wanctl that was not answered in time.
	ErrWanctlSlow = wanctl.ErrSlow
	// ErrOpened reports that somebody has begun to write a database that nobody was using.
	ErrOpened = wanctl.ErrOpened
)

// MaxSecond is the Unix second at which the year 10000 begins, which no time format can show.
const MaxSecond int64 = wanctl.MaxSecond

// Wanctl is one consistent view of a database that wanctl has written, and may be writing: what the
// package importer reads. While it is open, the WAL of the database cannot restart. It is for one
// goroutine. Its times are Unix seconds, as in the database.
//
// The errors of all its questions: ErrWanctlSlow, ErrOpened, ErrDamaged, those of the file system,
// and that of ctx.
type Wanctl struct {
	view *wanctl.View
}

// WanctlRow is a row of a database of wanctl.
type WanctlRow struct {
	ID          int64
	Second      int64 // Unix
	WAN, Metric string
	Value       float64
	Labels      string // JSON; {} for NULL
	LongLabels  bool   // the labels have more than 4096 bytes, and are not in Labels
	Granularity string // raw, 1m, 5m or 1h
	// Err says what is wrong with the timestamp, the value or the length of a name, nil if these
	// are what they should be. Nothing else of the row is checked.
	Err error
}

// OpenWanctl opens a view of the database at path as it is now. It makes and changes nothing but,
// beside a WAL that somebody has left behind, SQLite's -shm.
//
// Errors: ErrNoPath, ErrMissing, ErrDirectory, ErrNotDatabase, ErrNotWanctl, ErrInterrupted,
// ErrBusy, ErrWanctlSlow, ErrDamaged, those of the file system, and that of ctx.
func OpenWanctl(ctx context.Context, path string) (*Wanctl, error) {
	view, err := wanctl.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Wanctl{view}, nil
}

// Close ends the view.
func (w *Wanctl) Close() error { return w.view.Close() }

// Path returns the absolute path of the database.
func (w *Wanctl) Path() string { return w.view.Path() }

// Rows returns the first rows of [from, until), no more than most, in the order of time and id.
func (w *Wanctl) Rows(ctx context.Context, from, until, most int64) ([]WanctlRow, error) {
	rows, err := w.view.Rows(ctx, from, until, most)
	return wanctlRows(rows), err
}

// Stragglers returns the first rows after one id, up to another one, whose time is before from or
// is none, no more than most, in the order of their ids.
func (w *Wanctl) Stragglers(
	ctx context.Context, afterID, lastID, from, most int64,
) ([]WanctlRow, error) {
	rows, err := w.view.Stragglers(ctx, afterID, lastID, from, most)
	return wanctlRows(rows), err
}

func wanctlRows(rows []wanctl.Row) []WanctlRow {
	list := make([]WanctlRow, len(rows))
	for i := range rows {
		list[i] = WanctlRow(rows[i])
	}
	return list
}

// Row returns the row of that id.
//
// Errors: fs.ErrNotExist if there is none, as well.
func (w *Wanctl) Row(ctx context.Context, id int64) (WanctlRow, error) {
	row, err := w.view.Row(ctx, id)
	return WanctlRow(row), err
}

// Last returns the row with the largest id.
//
// Errors: fs.ErrNotExist if there is none, as well.
func (w *Wanctl) Last(ctx context.Context) (WanctlRow, error) {
	row, err := w.view.Last(ctx)
	return WanctlRow(row), err
}

// Newest returns the second of the newest row in [from, until), -1 if there is none.
func (w *Wanctl) Newest(ctx context.Context, from, until int64) (int64, error) {
	return w.view.Newest(ctx, from, until)
}

// NewestOf returns the newest row of a granularity before a second.
//
// Errors: fs.ErrNotExist if there is none, as well.
func (w *Wanctl) NewestOf(ctx context.Context, granularity string, until int64) (WanctlRow, error) {
	row, err := w.view.NewestOf(ctx, granularity, until)
	return WanctlRow(row), err
}

// OldestAggregated returns the second of the oldest aggregated row after an id or from a second on,
// -1 if there is none.
func (w *Wanctl) OldestAggregated(ctx context.Context, afterID, from int64) (int64, error) {
	return w.view.OldestAggregated(ctx, afterID, from)
}

// Count returns the number of rows in [from, until).
func (w *Wanctl) Count(ctx context.Context, from, until int64) (int64, error) {
	return w.view.Count(ctx, from, until)
}

// CountTaken returns the number of rows from before a second, up to an id.
func (w *Wanctl) CountTaken(ctx context.Context, until, lastID int64) (int64, error) {
	return w.view.CountTaken(ctx, until, lastID)
}

// HasTaken reports whether there is a raw row from before a second, up to an id.
func (w *Wanctl) HasTaken(ctx context.Context, until, lastID int64) (bool, error) {
	return w.view.HasTaken(ctx, until, lastID)
}

// CountEarlier returns how many rows of the same second, WAN and metric have smaller ids than row.
func (w *Wanctl) CountEarlier(ctx context.Context, row WanctlRow) (int64, error) {
	return w.view.CountEarlier(ctx, wanctl.Row(row))
}

// Measure returns how many rows [from, until) has, and how many bytes of names and labels Rows
// would read of them.
func (w *Wanctl) Measure(ctx context.Context, from, until int64) (rows, bytes int64, err error) {
	return w.view.Measure(ctx, from, until)
}
