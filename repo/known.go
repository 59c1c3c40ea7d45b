package repo

import (
	"context"
	"math"

	"github.com/wanstore/wanstore/db"
)

// unknown is the newest moment of a series of which nothing is known.
const unknown = math.MinInt64

// known is what a writer knows of the newest samples of its file: a sample that is newer than all
// of its series is no repeat, and need not be looked up. It is right for as long as nobody else has
// stored anything.
type known struct {
	loaded  bool
	newest  []Micros // by series
	version int      // what SQLite says of the commits of other connections

	tiers    Tiers // as they were at the last Append
	hasTiers bool  // nobody has changed them since

	// seen is what the file has, so that what others store shows: nil until another connection has
	// committed.
	seen *seen
}

// seen is what the file has from a watermark on, and what series says, which changes with samples
// that come late, and when the watermark moves. What lies below it may be deleted meanwhile, and
// does not count.
type seen struct {
	since   Micros
	blocks  map[int64]blockKey // by their keys
	rows    int64
	series  db.SumSeriesRow
	current bool // series is what the file says
}

// advance says that a sample is newer than all that is known of its series, and notes it.
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

// storedBlock takes note of a block that this writer adds.
func (k *known) storedBlock(key blockKey) {
	if k.seen != nil {
		k.seen.blocks[key.id] = key
	}
}

// storedRow takes note of a row that this writer adds.
func (k *known) storedRow(ts Micros) {
	if k.seen != nil && ts >= k.seen.since {
		k.seen.rows++
	}
}

// merged takes note that this writer changes what series says.
func (k *known) merged() {
	if k.seen != nil {
		k.seen.current = false
	}
}

// refresh brings what is known up to date, inside a write transaction, and returns the tiers.
func (k *known) refresh(ctx context.Context, w *Writer) (tiers Tiers, err error) {
	version, err := w.control.DataVersion(ctx)
	if err != nil {
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
	var err error
	switch changed := version != k.version; {
	case !k.loaded:
		err = k.load(ctx, w, watermark)
	case changed && k.seen == nil:
		k.seen, w.life = new(seen), new(life)
		err = k.load(ctx, w, watermark)
	case changed:
		err = k.catchUp(ctx, w)
	}
	if err != nil {
		return err
	}
	k.version = version
	return k.seen.look(ctx, w, watermark)
}

// load reads the newest moment of each series: where that lies below the watermark series has it.
func (k *known) load(ctx context.Context, w *Writer, watermark Micros) error {
	k.newest = k.newest[:0]
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

// catchUp reads what others have stored: blocks that have not been seen, and rows and series if
// there is anything new.
func (k *known) catchUp(ctx context.Context, w *Writer) error {
	series, err := w.q.SumSeries(ctx)
	if err != nil {
		return err
	}
	if was := k.seen.series; series.Sealed != series.Series ||
		series.Series != was.Series || series.Ids != was.Ids || series.Sums != was.Sums {
		// ids are learned again: somebody may have made, renamed or deleted a series
		w.life = new(life)
	}
	if series != k.seen.series {
		if err := w.loadSeries(ctx, k); err != nil {
			return err
		}
	}
	k.seen.series, k.seen.current = series, true
	if err := k.catchUpRows(ctx, w); err != nil {
		return err
	}
	return k.catchUpBlocks(ctx, w)
}

func (k *known) catchUpRows(ctx context.Context, w *Writer) error {
	count, err := w.q.CountRows(ctx, int64(k.seen.since))
	if err != nil || count == k.seen.rows {
		return err
	}
	k.seen.rows = count
	rows, err := w.q.ListNewestSamples(ctx, int64(k.seen.since))
	for _, row := range rows {
		k.note(row.SeriesID, Micros(row.Ts))
	}
	return err
}

func (k *known) catchUpBlocks(ctx context.Context, w *Writer) error {
	keys, err := w.keysSince(ctx, k.seen.since)
	if err != nil {
		return err
	}
	was := k.seen.blocks
	k.seen.setBlocks(keys)
	for _, key := range keys {
		if was[key.id] == key {
			continue
		}
		rows, err := w.q.ListNewestInBlocks(ctx, db.ListNewestInBlocksParams{
			Parts: jsonArray([]int64{key.id / partKeys}), First: int64(key.moment), Last: int64(key.moment) +
				1,
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			k.note(row.SeriesID, Micros(row.Ts))
		}
	}
	return nil
}

func (s *seen) setBlocks(keys []blockKey) {
	s.blocks = make(map[int64]blockKey, len(keys))
	for _, key := range keys {
		s.blocks[key.id] = key
	}
}

// look brings what was seen to another watermark, and takes in what this writer has changed of
// series.
func (s *seen) look(ctx context.Context, w *Writer, watermark Micros) (err error) {
	if s == nil {
		return nil
	}
	if s.blocks == nil || s.since != watermark {
		if err := s.lookFrom(ctx, w, watermark); err != nil {
			return err
		}
	}
	if !s.current {
		s.series, err = w.q.SumSeries(ctx)
		s.current = err == nil
	}
	return err
}

func (s *seen) lookFrom(ctx context.Context, w *Writer, watermark Micros) error {
	keys, err := w.keysSince(ctx, watermark)
	if err != nil {
		return err
	}
	s.since, s.current = watermark, false
	s.setBlocks(keys)
	s.rows, err = w.q.CountRows(ctx, int64(watermark))
	return err
}

// keysSince returns the blocks that reach beyond a moment.
func (w *Writer) keysSince(ctx context.Context, since Micros) ([]blockKey, error) {
	parts, err := w.q.ListParts(ctx)
	if err != nil {
		return nil, err
	}
	var all []blockKey
	for _, part := range parts {
		keys, err := blockKeys(ctx, w.q, part, span{from: since, until: math.MaxInt64}, false, allKeys)
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}
