package importer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/wanstore/wanstore/repo/wanctl"
	"github.com/wanstore/wanstore/service"
)

const (
	// settling is how long after its end a second may still get rows: wanctl takes the time, and
	// then writes.
	settling = 2 * time.Second

	// maxSecondRows bounds the rows of one second, which have to be in memory together to be spread
	// over it. It is less than the microseconds that there are.
	maxSecondRows = 500_000

	// maxSecondBytes bounds their names and labels.
	maxSecondBytes = 64 << 20
)

// Wanctl imports the database at path, which wanctl has written or is writing. The database is only
// read.
//
// Rows become samples in the order of their time. Where one second of a series has several rows,
// they are spread over it in the order of their ids. A second is taken whole, when the machine's
// clock is two seconds past its end; until then Result.Held counts its rows. Rows that turn up
// later for a second that has been taken are put after the others, before its end. One that has a
// thousand of its WAN and metric before it there is a bad row.
//
// An aggregated row becomes one sample at the begin of its bucket where, when the import began, the
// history had nothing in all of the bucket of a series with the labels of the row. Elsewhere
// Result.Skipped counts it, and so it does rows whose labels are no texts. Result.Raw says how long
// raw rows are kept, and what has gone since the last import.
//
// What holds for the errors and the bad lines of CSV, and for going on, holds for rows as well,
// except that rows ahead of the clock are bad rows. These come up after all others, and the import
// that finds their time has come takes them.
//
// A database is known again by either of two rows: the one with the largest id, and the newest of
// the coarsest granularity. Where both are gone, it is taken from its beginning if no raw row of
// the time that had been taken is there, and not at all otherwise.
//
// Errors: *LineError for a bad row, with the reason service.ErrAhead among others, ErrUncertain,
// those of wanctl.Open, and as for CSV.
func Wanctl(
	ctx context.Context, w *service.Writer, path string, options Options,
) (result Result, err error) {
	options = options.withDefaults()
	file, err := wanctl.Open(ctx, path)
	if err != nil {
		return Result{}, fmt.Errorf("import: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for range attempts {
		i := newWanctlImport(w, path, file, options)
		err = i.run(ctx)
		result = i.result
		if !errors.Is(err, service.ErrImportMoved) || result.Read > 0 { // as for CSV
			break
		}
	}
	var bad *LineError
	if err != nil && !errors.As(err, &bad) {
		err = fmt.Errorf("import %s: %w", path, err)
	}
	return result, err
}

func newWanctlImport(
	w *service.Writer, path string, file *wanctl.View, options Options,
) *wanctlImport {
	i := &wanctlImport{name: path, file: file, options: options,
		seriesFinder: newSeriesFinder(w, "labels")}
	if !options.KeepLabels {
		i.prune = withoutProse
	}
	return i
}

// wanctlImport is one run over a view of the database.
type wanctlImport struct {
	*seriesFinder

	name    string
	file    *wanctl.View
	options Options
	into    *service.Import
	result  Result
	held    *held // nil where there are no aggregated rows

	last   wanctl.Row // with the largest id
	anchor wanctl.Row // the newest of the coarsest granularity, if there is an aggregated one

	place service.ImportMark // up to where rows have been taken
	until int64              // the first second that may not be over yet
	ahead int64              // the first second that is too far in the future

	done, total int64 // rows, for the progress
}

func (i *wanctlImport) run(ctx context.Context) (err error) {
	imports, err := i.writer.Imports(ctx)
	if err != nil {
		return err
	}
	i.last, err = i.file.Last(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no rows
	}
	if err != nil {
		return err
	}
	known, err := i.findMark(ctx, imports.Marks)
	if err != nil {
		return err
	}
	i.place = known
	if known.Format == "" {
		i.place = service.ImportMark{Format: service.ImportWanctl}
	}
	i.ahead = i.writer.NewestWelcome().Unix()
	i.until = min(i.options.clock().Add(-settling).Unix(), i.ahead)
	if err := i.prepare(ctx); err != nil {
		return err
	}
	if err := i.lookAtRaw(ctx, i.reached(known, imports.Marks)); err != nil {
		return err
	}
	if err := i.findAnchor(ctx); err != nil {
		return err
	}
	if err := i.expectAggregated(ctx, imports.Empty); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.held.close()) }()
	i.into = i.writer.BeginImport(imports, i.file.Path(), known)
	if err := i.takeStragglers(ctx); err != nil {
		return err
	}
	if err := i.takeRows(ctx); err != nil {
		return err
	}
	return i.reportAhead(ctx)
}

// findMark returns the mark of the earlier import of this database that has come farthest, or the
// zero mark.
func (i *wanctlImport) findMark(
	ctx context.Context, marks []service.ImportMark,
) (service.ImportMark, error) {
	var found service.ImportMark
	for _, mark := range marks { // the smallest ids first, and of those the earliest seconds
		if mark.Format != service.ImportWanctl {
			continue
		}
		known, err := i.knows(ctx, mark)
		if err != nil {
			return service.ImportMark{}, err
		}
		if known {
			found = mark
		}
	}
	if found.Format != "" {
		return found, nil
	}
	return service.ImportMark{}, i.checkNew(ctx, marks)
}

// findAnchor finds the row that a mark names beside the last one: raw rows are gone within minutes,
// and the coarser a row, the longer it is there.
func (i *wanctlImport) findAnchor(ctx context.Context) (err error) {
	for _, granularity := range []string{"1h", "5m", "1m"} {
		i.anchor, err = i.file.NewestOf(ctx, granularity, i.ahead)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// knows says that a mark was made in this database, for one of the two rows that it names is there.
// One is not enough: the row with the largest id need not be the newest, and rows also go away by
// the name of their WAN.
func (i *wanctlImport) knows(ctx context.Context, mark service.ImportMark) (bool, error) {
	known, err := i.has(ctx, mark.LastID, mark.Hash)
	if err != nil || known {
		return known, err
	}
	return i.has(ctx, mark.NewestID, mark.NewestHash)
}

func (i *wanctlImport) has(ctx context.Context, id int64, hash []byte) (bool, error) {
	row, err := i.file.Row(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && bytes.Equal(rowHash(row), hash), err
}

// checkNew refuses a database without a mark that could have one. The same path alone does not
// tell. But where the newest row that had been taken has gone of age, so have all raw rows before
// it, and to start over takes nothing twice.
func (i *wanctlImport) checkNew(ctx context.Context, marks []service.ImportMark) error {
	for _, mark := range marks {
		if mark.Format != service.ImportWanctl || mark.Source != i.file.Path() {
			continue
		}
		taken, err := i.file.HasTaken(ctx, mark.Second, mark.LastID)
		if err != nil {
			return err
		}
		if taken {
			return uncertainError(mark)
		}
	}
	return nil
}

// rowHash is what a row is known by.
func rowHash(row wanctl.Row) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %q %q %x %q %q",
		row.ID, row.Second, row.WAN, row.Metric, row.Value, row.Labels, row.Granularity))
	return sum[:]
}

// prepare counts rows, and refuses those that are too old without an exception.
func (i *wanctlImport) prepare(ctx context.Context) error {
	var err error
	if i.result.Known, err = i.file.CountTaken(ctx, i.place.Second, i.place.LastID); err != nil {
		return err
	}
	if i.total, err = i.file.Count(ctx, i.place.Second, i.until); err != nil {
		return err
	}
	if i.result.Held, err = i.file.Count(ctx, max(i.place.Second, i.until), i.ahead); err != nil {
		return err
	}
	newest, err := i.file.Newest(ctx, i.place.Second, i.until)
	if err != nil || newest < 0 {
		return err
	}
	oldestWelcome, err := i.writer.OldestWelcome(ctx)
	if err != nil || !time.Unix(newest+1, 0).Before(oldestWelcome) {
		return err
	}
	return tooOldError(time.Unix(newest, 0), oldestWelcome, i.options.Now)
}

// takeStragglers takes what the walk in the order of time does not meet: rows that have come since
// the last import for a time that it had passed, and those that have no time, which are bad.
func (i *wanctlImport) takeStragglers(ctx context.Context) error {
	for {
		rows, err := i.file.Stragglers(ctx, i.place.LastID, i.last.ID, i.place.Second, i.options.batch)
		if err != nil {
			return err
		}
		if len(rows) == 0 { // nothing to write down yet
			i.place.LastID, i.place.Hash = i.last.ID, rowHash(i.last)
			return nil
		}
		more := int64(len(rows)) == i.options.batch
		if cut := lastSecond(rows); more && cut > 0 {
			rows = rows[:cut]
		}
		b := wanctlBatch{wanctlImport: i, late: true, reached: i.place}
		stop := b.fill(ctx, rows)
		if stop == nil && !more {
			b.pass(i.last)
		}
		if err := b.store(ctx); err != nil {
			return err
		}
		if stop != nil || !more {
			return stop
		}
	}
}

// takeRows takes the rows in the order of time.
func (i *wanctlImport) takeRows(ctx context.Context) error {
	for {
		rows, more, err := i.page(ctx, i.place.Second, i.until)
		if err != nil {
			return err
		}
		b := wanctlBatch{wanctlImport: i, reached: i.place}
		stop := b.fill(ctx, rows)
		if err := b.store(ctx); err != nil {
			return err
		}
		i.options.Progress(i.done, max(i.done, i.total))
		if stop != nil || !more {
			return stop
		}
	}
}

// reportAhead reports the rows that are ahead of the clock. The place stays before them.
func (i *wanctlImport) reportAhead(ctx context.Context) error {
	for from := i.ahead; ; {
		rows, more, err := i.page(ctx, from, wanctl.MaxSecond)
		if err != nil {
			return err
		}
		for _, row := range rows {
			reason := aheadError(time.Unix(row.Second, 0), i.writer.NewestWelcome())
			if err := i.bad(row, reason); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		from = rows[len(rows)-1].Second + 1
	}
}

// page returns the rows of the first seconds of [from, until), all that these have, and says
// whether there are more.
func (i *wanctlImport) page(
	ctx context.Context, from, until int64,
) (rows []wanctl.Row, more bool, err error) {
	rows, err = i.file.Rows(ctx, from, until, i.options.batch)
	if err != nil || int64(len(rows)) < i.options.batch {
		return rows, false, err
	}
	if cut := lastSecond(rows); cut > 0 {
		return rows[:cut], true, nil
	}
	last := rows[len(rows)-1]
	most, size, err := i.file.Measure(ctx, last.Second, last.Second+1)
	switch {
	case err != nil:
		return nil, false, err
	case most > maxSecondRows:
		return nil, false,
			i.rowError(last, fmt.Errorf("second %d has more than %d rows", last.Second, maxSecondRows))
	case size > maxSecondBytes:
		return nil, false, i.rowError(last,
			fmt.Errorf("second %d has names and labels of more than %d MiB", last.Second,
				maxSecondBytes>>20))
	}
	rows, err = i.file.Rows(ctx, last.Second, last.Second+1, most)
	return rows, true, err
}

// lastSecond returns where the second begins that the last row is of.
func lastSecond(rows []wanctl.Row) int {
	cut := len(rows)
	for cut > 0 && rows[cut-1].Second == rows[len(rows)-1].Second {
		cut--
	}
	return cut
}

func (i *wanctlImport) rowError(row wanctl.Row, reason error) *LineError {
	return &LineError{File: i.name, Row: row.ID, Reason: reason}
}

// bad reports a bad row, and returns it if it stops the import.
func (i *wanctlImport) bad(row wanctl.Row, reason error) error {
	bad := i.rowError(row, reason)
	i.result.Bad++
	i.options.OnBad(bad)
	if i.options.SkipBad {
		return nil
	}
	return bad
}

// parse finds the series of a row. The error says what is wrong with the row.
func (i *wanctlImport) parse(row wanctl.Row) (foundSeries, error) {
	switch {
	case row.Err != nil:
		return foundSeries{}, row.Err
	case row.Second < 0 || row.Second >= wanctl.MaxSecond:
		return foundSeries{},
			fmt.Errorf("timestamp %d: out of range, want seconds from 1970 to 9999", row.Second)
	case math.IsNaN(row.Value) || math.IsInf(row.Value, 0):
		return foundSeries{}, fmt.Errorf("value %v: not a finite number", row.Value)
	case math.Abs(row.Value) > service.MaxValue:
		return foundSeries{}, tooLargeError(row.Value)
	case row.Granularity != "raw" && widths[row.Granularity] == 0:
		return foundSeries{}, fmt.Errorf("granularity %q: want raw, 1m, 5m or 1h", row.Granularity)
	case row.LongLabels:
		return foundSeries{}, errLongLabels
	}
	series, err := i.series(rowSeries{wan: row.WAN, metric: row.Metric, labels: row.Labels})
	if errors.Is(err, errNotLabels) && json.Valid([]byte(row.Labels)) {
		err = errOtherJSON
	}
	if err == nil && row.Metric == snapshotMetric {
		err = errSnapshot
	}
	return series, err
}
