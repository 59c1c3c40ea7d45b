package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"

	wanctldb "github.com/wanstore/wanstore/db/wanctl"
)

var (
	// ErrNotWanctl says that a database has no table metrics as wanctl makes it.
	ErrNotWanctl = errors.New("this database was not made by wanctl")
	// ErrOpened says that somebody has begun to write a database that nobody was using.
	ErrOpened = errors.New("the database is being written now, and was not when it was opened")
)

// MaxSecond is the Unix second at which the year 10000 begins, which no time format can show.
const MaxSecond = 253402300800

// WanctlRow is a row of a database of wanctl.
type WanctlRow struct {
	ID          int64
	Second      int64 // Unix
	WAN, Metric string
	Value       float64
	Labels      string // JSON, or NULL as "{}"
	Granularity string // raw, 1m, 5m or 1h
	// Err says what is wrong with the timestamp or the value, if they are not what they should be.
	// The rest is not checked.
	Err error
}

// Wanctl is one consistent view of a database that wanctl has written, and may be writing. While it
// is open its WAL cannot restart. It is for one goroutine.
type Wanctl struct {
	path string
	pool *sql.DB
	tx   *sql.Tx
	q    *wanctldb.Queries
	rest fs.FileInfo // the file as it was, if nobody was using it
}

// OpenWanctl opens a view of the database at path as it is now. It makes and changes nothing but,
// beside a WAL that somebody has left behind, SQLite's -shm.
//
// Errors: ErrNoPath, ErrMissing, ErrDirectory, ErrNotDatabase, ErrNotWanctl, ErrInterrupted,
// ErrBusy, ErrDamaged, and those of the file system.
func OpenWanctl(ctx context.Context, path string) (*Wanctl, error) {
	w, err := openWanctl(ctx, path)
	if err != nil {
		return nil, failure(ctx, "open", path, err)
	}
	return w, nil
}

func openWanctl(ctx context.Context, path string) (*Wanctl, error) {
	if err := checkFile(path); err != nil {
		return nil, err
	}
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	if err := registerReaderVFS(); err != nil {
		return nil, err
	}
	w := &Wanctl{path: path}
	name := readerDSN(path, readerVFSName)
	rests, err := atRest(path)
	switch {
	case err != nil:
		return nil, err
	case rests:
		// Or a -wal and a -shm would stay beside a file that is only looked at, and it could not be
		// read where none can be made. Nobody is kept from writing then, so every look at the file
		// ends with one at whether somebody has.
		name += "&immutable=1"
		if w.rest, err = os.Stat(path); err != nil {
			return nil, err
		}
	default:
		if err := completeWAL(path); err != nil {
			return nil, err
		}
	}
	if w.pool, err = openPool(path, name, nil); err != nil {
		return nil, err
	}
	if err := w.begin(ctx); err != nil {
		return nil, errors.Join(readingError(path, err), w.Close())
	}
	return w, nil
}

// begin opens the view and recognises the database.
func (w *Wanctl) begin(ctx context.Context) error {
	var err error
	// It ends with Close alone: database/sql ends it in the background when its context does, and
	// Close would not wait for that.
	if w.tx, err = w.pool.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	id, err := identify(ctx, w.tx)
	switch {
	case err != nil:
		return err
	case id.version() > 0:
		return fmt.Errorf("%w: it is a history of wanstore itself", ErrNotWanctl)
	case !id.wanctl():
		return fmt.Errorf("%w: it has no table metrics", ErrNotWanctl)
	}
	columns, err := columnNames(ctx, w.tx, "metrics")
	if err != nil {
		return err
	}
	for _, name := range []string{"id", "timestamp", "wan_name", "metric_name", "value", "labels",
		"granularity"} {
		if !slices.Contains(columns, name) {
			return fmt.Errorf("%w: its table metrics has no column %s", ErrNotWanctl, name)
		}
	}
	w.q, err = wanctldb.Prepare(ctx, w.tx)
	return err
}

// columnNames lists the columns of a table, in small letters.
func columnNames(ctx context.Context, q queryer, table string) ([]string, error) {
	// as PRAGMA it takes no parameter
	rows, err := q.QueryContext(ctx, "SELECT lower(name) FROM pragma_table_info(?)", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Close ends the view.
func (w *Wanctl) Close() error {
	var errs []error
	if w.q != nil {
		errs = append(errs, w.q.Close())
	}
	if w.tx != nil {
		errs = append(errs, endReading(w.tx))
	}
	return failure(context.Background(), "close", w.path, errors.Join(append(errs, w.pool.Close())...))
}

// Path returns the absolute path of the database.
func (w *Wanctl) Path() string { return w.path }

// done ends a look at the database.
func (w *Wanctl) done(ctx context.Context, err error) error {
	if err == nil && w.rest != nil {
		err = w.unchanged()
	}
	return failure(ctx, "read", w.path, err)
}

// unchanged says that nobody has begun to use a database that was at rest: what has been read may
// not fit together.
func (w *Wanctl) unchanged() error {
	rests, err := atRest(w.path)
	if err != nil {
		return err
	}
	info, err := os.Stat(w.path)
	if err != nil {
		return err
	}
	if !rests || info.Size() != w.rest.Size() || !info.ModTime().Equal(w.rest.ModTime()) {
		return ErrOpened
	}
	return nil
}

// Rows returns the first rows of [from, until), in Unix seconds, at most so many, in the order of
// time and id.
//
// Errors: ErrOpened, ErrDamaged, those of the file system, and that of ctx.
func (w *Wanctl) Rows(ctx context.Context, from, until, most int64) ([]WanctlRow, error) {
	rows, err := w.q.ListRows(ctx,
		wanctldb.ListRowsParams{FromSecond: from, UntilSecond: until, Most: most})
	return newWanctlRows(rows), w.done(ctx, err)
}

// Stragglers returns the first rows after one id, up to another one, whose time is before from or
// is none, at most so many, in the order of their ids.
//
// Errors: as for Rows.
func (w *Wanctl) Stragglers(
	ctx context.Context, afterID, lastID, from, most int64,
) ([]WanctlRow, error) {
	rows, err := w.q.ListStragglers(ctx, wanctldb.ListStragglersParams{
		AfterID: afterID, LastID: lastID, FromSecond: from, EndSecond: MaxSecond, Most: most,
	})
	return newWanctlRows(rows), w.done(ctx, err)
}

// Row returns the row of that id.
//
// Errors: fs.ErrNotExist if there is none, and those of Rows.
func (w *Wanctl) Row(ctx context.Context, id int64) (WanctlRow, error) {
	row, err := w.q.FindRow(ctx, id)
	return newWanctlRow(row), w.done(ctx, absent(err))
}

// Last returns the row with the largest id.
//
// Errors: fs.ErrNotExist if there is none, and those of Rows.
func (w *Wanctl) Last(ctx context.Context) (WanctlRow, error) {
	row, err := w.q.LastRow(ctx)
	return newWanctlRow(row), w.done(ctx, absent(err))
}

func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("row of metrics: %w", fs.ErrNotExist)
	}
	return err
}

// Count returns the number of rows in [from, until), in Unix seconds.
//
// Errors: as for Rows.
func (w *Wanctl) Count(ctx context.Context, from, until int64) (int64, error) {
	count, err := w.q.CountRows(ctx, wanctldb.CountRowsParams{FromSecond: from, UntilSecond: until})
	return count, w.done(ctx, err)
}

// CountTaken returns the number of rows of before a second, up to an id.
//
// Errors: as for Rows.
func (w *Wanctl) CountTaken(ctx context.Context, until, lastID int64) (int64, error) {
	count, err := w.q.CountTaken(ctx, wanctldb.CountTakenParams{UntilSecond: until, LastID: lastID})
	return count, w.done(ctx, err)
}

// HasTaken says whether there is a raw row of before a second, up to an id.
//
// Errors: as for Rows.
func (w *Wanctl) HasTaken(ctx context.Context, until, lastID int64) (bool, error) {
	found, err := w.q.HasTaken(ctx, wanctldb.HasTakenParams{UntilSecond: until, LastID: lastID})
	return found, w.done(ctx, err)
}

// CountEarlier returns how many rows of the same second, WAN and metric have smaller ids than a
// row.
//
// Errors: as for Rows.
func (w *Wanctl) CountEarlier(ctx context.Context, row WanctlRow) (int64, error) {
	count, err := w.q.CountEarlier(ctx, wanctldb.CountEarlierParams{
		Wan: row.WAN, Metric: row.Metric, Second: row.Second, ID: row.ID,
	})
	return count, w.done(ctx, err)
}

// Newest returns the second of the newest row in [from, until), -1 if there is none.
//
// Errors: as for Rows.
func (w *Wanctl) Newest(ctx context.Context, from, until int64) (int64, error) {
	newest, err := w.q.NewestSecond(ctx,
		wanctldb.NewestSecondParams{FromSecond: from, UntilSecond: until})
	return newest, w.done(ctx, err)
}

func newWanctlRows(rows []wanctldb.Metric) []WanctlRow {
	list := make([]WanctlRow, 0, len(rows))
	for _, row := range rows {
		list = append(list, newWanctlRow(row))
	}
	return list
}

func newWanctlRow(row wanctldb.Metric) WanctlRow {
	made := WanctlRow{
		ID: row.ID, WAN: row.WanName.String, Metric: row.MetricName.String, Labels: "{}",
		Granularity: row.Granularity.String,
	}
	if row.Labels.Valid {
		made.Labels = row.Labels.String
	}
	if !row.Granularity.Valid {
		made.Granularity = "NULL"
	}
	switch at := row.Timestamp.V.(type) {
	case int64:
		made.Second = at
	case float64:
		made.Second = int64(math.Floor(max(-1, min(at, MaxSecond))))
		made.Err = fmt.Errorf("timestamp %v: not a whole number", at)
	default:
		made.Second = MaxSecond
		made.Err = fmt.Errorf("timestamp %s: not a number", shown(at))
	}
	switch value := row.Value.V.(type) {
	case float64:
		made.Value = value
	case int64:
		made.Value = float64(value)
	default:
		made.Err = errors.Join(made.Err, fmt.Errorf("value %s: not a number", shown(value)))
	}
	return made
}

// shown returns what a column holds, for people.
func shown(value any) string {
	const most = 40 // it may be anything
	switch value := value.(type) {
	case nil:
		return "NULL"
	case string:
		return fmt.Sprintf("%q", strings.ToValidUTF8(value[:min(len(value), most)], ""))
	case []byte:
		return fmt.Sprintf("x'%x'", value[:min(len(value), most)])
	default:
		return fmt.Sprint(value)
	}
}
