package repo

import (
	"context"
	"math"

	"github.com/wanstore/wanstore/db"
)

// unknown is the newest moment of a series of which nothing is known.
const unknown = math.MinInt64

// known is what a writer knows of the newest samples of its file: a sample that is newer than all of its series is no
// repeat, and need not be looked up. It is right for as long as nobody else has stored anything.
type known struct {
	loaded  bool
	newest  []Micros // by series
	version int      // what SQLite says of the commits of other connections
	others  bool     // another connection has committed before
	tally   tally    // only if others have
	tallied bool     // the tally is that of the file
	renamed bool     // somebody has made, renamed or deleted a series since

	tiers    Tiers // as they were at the last Append
	hasTiers bool  // nobody has changed them since
}

// tally is what changes when somebody stores a sample: blocks and rows that reach beyond a watermark, and what series says,
// which changes with those that come late, and when the watermark moves. What lies below it may be deleted meanwhile, and
// does not count.
type tally struct {
	since        Micros
	blocks, rows int64
	series       db.SumSeriesRow
}

// advance says that a sample is newer than all that is known of its series, and takes note of it.
func (k *known) advance(series int64, ts Micros) bool {
	if !hasKey(ts, series) {
		return false
	}
	k.grow(series)
	if ts <= k.newest[series] {
		return false
	}
	k.newest[series] = ts
	return true
}

func (k *known) note(series int64, ts Micros) {
	if !hasKey(0, series) {
		return
	}
	k.grow(series)
	k.newest[series] = max(k.newest[series], ts)
}

func (k *known) grow(series int64) {
	for int64(len(k.newest)) <= series {
		k.newest = append(k.newest, unknown)
	}
}

// stored takes note of what this writer adds.
func (k *known) stored(blocks, rows int64) {
	k.tally.blocks += blocks
	k.tally.rows += rows
}

// merged takes note that this writer changes what series says.
func (k *known) merged() { k.tallied = false }

// refresh brings what is known up to date, inside a write transaction, and returns the tiers.
func (k *known) refresh(ctx context.Context, w *Writer) (tiers Tiers, err error) {
	var version int
	if err := w.control.version.QueryRowContext(ctx).Scan(&version); err != nil {
		return tiers, err
	}
	tiers = k.tiers
	if !k.hasTiers || version != k.version {
		if tiers, err = w.tiers(ctx); err != nil {
			return tiers, err
		}
	}
	if err := k.refreshNewest(ctx, w, version, tiers[Minute].Watermark); err != nil {
		return tiers, err
	}
	k.tiers, k.hasTiers = tiers, true
	return tiers, nil
}

func (k *known) refreshNewest(ctx context.Context, w *Writer, version int, watermark Micros) error {
	if !k.loaded || version != k.version {
		same, err := k.isSame(ctx, w)
		if err != nil {
			return err
		}
		if !same {
			if err := k.load(ctx, w, watermark); err != nil {
				return err
			}
		}
		k.version = version
	}
	if !k.others || k.tallied && k.tally.since == watermark {
		return nil
	}
	var err error
	k.tally, err = w.tally(ctx, watermark)
	k.tallied = err == nil
	return err
}

// isSame says that another connection has committed, but has stored nothing.
func (k *known) isSame(ctx context.Context, w *Writer) (bool, error) {
	k.others = k.loaded // by the first load nobody else needs to have been there
	if !k.loaded || !k.tallied {
		return false, nil
	}
	is, err := w.tally(ctx, k.tally.since)
	k.renamed = is.series.Series != k.tally.series.Series || is.series.Ids != k.tally.series.Ids ||
		is.series.Sums != k.tally.series.Sums
	return is == k.tally, err
}

// load reads the newest moment of each series: where that lies below the watermark series has it.
func (k *known) load(ctx context.Context, w *Writer, watermark Micros) error {
	if k.renamed || !k.tallied {
		w.life = new(life) // whatever ids were known
	}
	*k = known{newest: k.newest[:0], others: k.others}
	if err := w.loadSeries(ctx, k); err != nil {
		return err
	}
	_, parts, err := listParts(ctx, w.q)
	if err != nil {
		return err
	}
	first, _ := reach(span{from: watermark})
	inBlocks, err := w.q.ListNewestInBlocks(ctx, db.ListNewestInBlocksParams{
		FromTs: int64(watermark), Parts: parts, First: first, Last: partKeys,
	})
	if err != nil {
		return err
	}
	for _, row := range inBlocks {
		k.note(row.SeriesID, Micros(row.Ts))
	}
	inRows, err := w.q.ListNewestSamples(ctx, int64(watermark))
	if err != nil {
		return err
	}
	for _, row := range inRows {
		k.note(row.SeriesID, Micros(row.Ts))
	}
	k.loaded = true
	return nil
}

func (w *Writer) loadSeries(ctx context.Context, k *known) error {
	rows, err := w.q.ListLastMoments(ctx)
	for _, row := range rows {
		k.note(row.ID, Micros(row.LastTs))
	}
	return err
}

// tally looks at the file.
func (w *Writer) tally(ctx context.Context, since Micros) (t tally, err error) {
	t.since = since
	_, parts, err := listParts(ctx, w.q)
	if err != nil {
		return t, err
	}
	first, _ := reach(span{from: since})
	if t.blocks, err = w.q.CountBlocks(ctx, db.CountBlocksParams{Parts: parts, First: first, FromTs: int64(since)}); err != nil {
		return t, err
	}
	if t.rows, err = w.q.CountRows(ctx, int64(since)); err != nil {
		return t, err
	}
	t.series, err = w.q.SumSeries(ctx)
	return t, err
}
