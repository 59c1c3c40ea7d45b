package repo

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"unicode"
	"unicode/utf8"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/leaves"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// fill puts together what the pages of the damaged file have, in one transaction of a new file that
// nobody else sees.
func (s *Salvage) fill(ctx context.Context) (err error) {
	if err := s.checkRoom(); err != nil {
		return err
	}
	pages, err := leaves.Open(ctx, s.Source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pages.Close()) }()
	made := newFile{path: s.path()}
	pool, err := made.make(ctx, disk.PageSize)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	q, err := prepare(ctx, conn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	f := filling{ctx: ctx, q: q, salvage: s, pages: pages}
	return sqlite.Immediately(ctx, conn, f.run)
}

// checkRoom wants room for a copy of the file and, so that recording does not suffer, as much
// again.
func (s *Salvage) checkRoom() error {
	info, err := os.Stat(s.Source)
	if err != nil {
		return err
	}
	need := 2 * info.Size()
	free, known := disk.FreeBytes(filepath.Dir(s.folder))
	if !known || free >= need {
		return nil
	}
	return fmt.Errorf("%w: for a while this takes %d bytes beside the file, and %d are free",
		ErrDiskFull, need, free)
}

// filling puts rows into the new file.
type filling struct {
	ctx     context.Context //nolint:containedctx // of one call of fill
	q       *db.Queries
	salvage *Salvage
	pages   *leaves.File
	names   [][]leaves.Value // of series, by their unique index
}

// run takes first the rows of which it is certain that they are the latest.
func (f *filling) run() error {
	if err := f.q.ForgetTiers(f.ctx); err != nil {
		return err
	}
	doubtful, err := f.walk(false)
	if err == nil && doubtful {
		_, err = f.walk(true)
	}
	if err == nil {
		err = f.nameSeries()
	}
	if err == nil {
		err = f.forgetStaleTiers()
	}
	if err == nil {
		f.salvage.Report.Nameless, err = f.q.CountNameless(f.ctx, math.MinInt64)
	}
	return err
}

// forgetStaleTiers forgets what the tiers say that have buckets beyond their watermark: that is an
// older version of their rows. It is worked out again then.
func (f *filling) forgetStaleTiers() error {
	tiers, _, err := readTiers(f.ctx, f.q)
	if err != nil {
		return err
	}
	for _, tier := range tiers[Minute:] {
		g := tier.Granularity.String()
		last, err := f.q.LastBucket(f.ctx, db.LastBucketParams{Granularity: g, UntilTs: math.MaxInt64})
		if err == nil && Micros(last) >= tier.Watermark {
			err = f.q.ForgetTier(f.ctx, g)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// walk takes the rows of the pages that are doubtful, or of those that are not, and says whether
// there are doubtful ones.
func (f *filling) walk(doubtful bool) (some bool, err error) {
	report := &f.salvage.Report
	report.Pages = f.pages.Pages()
	for page, err := range f.pages.Walk(f.ctx, 1) {
		if err != nil {
			return false, err
		}
		some = some || page.Doubtful
		if page.Doubtful != doubtful {
			continue
		}
		if page.Kind == leaves.Lost {
			report.LostPages++
		}
		for table, rows := range page.GivenUp {
			report.lost(table, rows)
		}
		for _, row := range page.Rows {
			if err := f.take(row); err != nil {
				return false, fmt.Errorf("page %d: %w", page.Number, err)
			}
		}
	}
	return some, nil
}

// take puts a row into its table. Of two that have one key the table keeps one.
func (f *filling) take(row leaves.Row) error {
	if row.Table == leaves.SeriesNames {
		f.names = append(f.names, row.Values)
		return nil
	}
	put, ok := fillers[row.Table]
	if !ok {
		return nil
	}
	if row.Table == "series" && !namesSeries(row.Values[1:]) {
		f.salvage.Report.lost(row.Table, 1)
		return nil
	}
	in := columns{
		values: row.Values,
		chk:    sql.NullInt64{Int64: row.Chk, Valid: row.Proof == leaves.ByCheckValue},
	}
	_, err := put(f.ctx, f.q, &in)
	granularity, from, until := in.place(row.Table)
	f.salvage.Report.found(row.Table, granularity, from, until)
	f.salvage.newest = max(f.salvage.newest, until)
	return err
}

// nameSeries makes the rows of series of which only the index has told. What they aggregate is told
// by the other series of the metric, or by what they have.
func (f *filling) nameSeries() error {
	for _, values := range f.names {
		if !namesSeries(values) {
			continue
		}
		name := columns{values: values}
		series := db.FillSeriesParams{MetricName: name.text(), WanName: name.text(), Labels: name.text(),
			ID: name.integer()}
		aggregation, err := f.q.FindMetricAggregation(f.ctx, series.MetricName)
		if errors.Is(err, sql.ErrNoRows) {
			aggregation, err = f.aggregationOf(series.ID)
		}
		if err != nil {
			return err
		}
		series.Aggregation = aggregation
		if _, err := f.q.FillSeries(f.ctx, series); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) aggregationOf(series int64) (string, error) {
	states, err := f.q.HasStates(f.ctx, series)
	if err != nil || states == 0 {
		return string(Average), err
	}
	return string(Mode), nil
}

// namesSeries says that a metric, a WAN and labels can be those of a series: nothing proves them in
// the index, nor in files of earlier versions, and readers want labels that are labels.
func namesSeries(values []leaves.Value) bool {
	for _, v := range values[:3] {
		text := v.Bytes
		if !utf8.Valid(text) || bytes.ContainsFunc(text, unicode.IsControl) {
			return false
		}
	}
	labels := map[string]string{}
	return len(values[0].Bytes) > 0 && json.Unmarshal(values[2].Bytes, &labels) == nil
}
