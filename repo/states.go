package repo

import (
	"context"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// stateRow is a row of state_rollups, of which one series is read.
type stateRow struct {
	ts    Micros
	state float64
	count int64
}

// stateBuckets takes the rows of a series of states, bucket by bucket, and keeps those of whole
// buckets.
type stateBuckets struct {
	log    *seal.Log
	rows   []stateRow
	bucket seal.Bucket // the last one
	begin  int         // of its rows
}

// readStates reads the whole buckets that a series of states has in a span. The others go into the
// log.
func readStates(
	ctx context.Context, q *db.Queries, log *seal.Log, g Granularity, id int64, s span,
) ([]stateRow, error) {
	blob, err := q.PackStateRollups(ctx, db.PackStateRollupsParams{
		Granularity: g.String(), SeriesID: id, FromTs: int64(s.from), UntilTs: int64(s.until),
	})
	if err != nil {
		return nil, err
	}
	var sum seal.Row
	buckets := stateBuckets{log: log}
	before := stateRow{ts: math.MinInt64}
	for rows := packed(blob); len(rows) > 0; {
		row := stateRow{ts: Micros(rows.integer()), state: rows.real(), count: rows.integer()}
		total, chk := rows.integer(), rows.integer()
		sum.Begin("state_rollups").Text(g.String()).Integer(id).
			Integer(int64(row.ts)).Real(row.state).Integer(row.count).Integer(total)
		sound := sum.Fits(chk) && functions.IsCount(row.count, 0) && functions.IsCount(total, 0)
		key := seal.Key{Table: "state_rollups", Granularity: g.String(), TS: int64(row.ts), Rest: id}
		buckets.at(key).Add(row.count, total, sound, chk != seal.None)
		if !sound {
			continue
		}
		if row.ts < before.ts || row.ts == before.ts && row.state <= before.state {
			return nil, errDisorder("state_rollups")
		}
		before = row
		buckets.rows = append(buckets.rows, row)
	}
	buckets.end()
	return buckets.rows, nil
}

// at returns a bucket. If it is not the last one, that has ended.
func (b *stateBuckets) at(key seal.Key) *seal.Bucket {
	if key != b.bucket.Key {
		b.end()
		b.bucket, b.begin = seal.Bucket{Key: key}, len(b.rows)
	}
	return &b.bucket
}

// end drops the last bucket if it is not whole.
func (b *stateBuckets) end() {
	if !b.bucket.IsWhole() {
		b.log.Note(b.bucket.Key)
		b.rows = b.rows[:b.begin]
	}
}

// appendStates adds the buckets of a series of states that are whole.
func (s *Snapshot) appendStates(
	ctx context.Context, page []Bucket, g Granularity, id int64, window Span,
) ([]Bucket, error) {
	rows, err := readStates(ctx, s.q, s.unsound, g, id, span{window.From, window.Until})
	for _, row := range rows {
		page = append(page, Bucket{
			TS: row.ts, SeriesID: id, Count: row.count,
			Sum: row.state * float64(row.count), Min: row.state, Max: row.state,
		})
	}
	return page, err
}

// rollUpStates merges the buckets of states that a slice has into those of the next tier.
func (w *Writer) rollUpStates(ctx context.Context, to Granularity, slice span) error {
	series, err := w.q.ListModeSeries(ctx)
	if err != nil {
		return err
	}
	w.states.Clear()
	for _, id := range series {
		rows, err := readStates(ctx, w.q, w.unsound, to-1, id, slice)
		if err != nil {
			return err
		}
		for _, row := range rows {
			w.states.AddState(id, int64(row.ts.AlignDown(to.Bucket())), row.state, row.count)
		}
	}
	return w.mergeFolded(ctx, to, &w.states)
}

// mergeFolded merges samples of states into the buckets of a tier.
func (w *Writer) mergeFolded(ctx context.Context, g Granularity, states *functions.Folded) error {
	folded := states.Blob()
	if len(folded) == 0 {
		return nil
	}
	if err := w.q.GroupStates(ctx, folded); err != nil {
		return err
	}
	if err := w.mergeStates(ctx, g); err != nil {
		return err
	}
	return w.q.ForgetSampleGroups(ctx)
}

// mergeStates merges what has been grouped of states into the buckets of a tier.
func (w *Writer) mergeStates(ctx context.Context, g Granularity) error {
	if err := w.q.FindTotals(ctx, g.String()); err != nil {
		return err
	}
	return w.q.MergeStates(ctx, g.String())
}
