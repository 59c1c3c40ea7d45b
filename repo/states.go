package repo

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// stateRow is a row of state_rollups, of which one series is read.
type stateRow struct {
	ts    Micros
	state float64
	count int64
	sound bool
}

// stateRows are the rows that a series of states has in a span, and the buckets of it that are not whole.
type stateRows struct {
	rows    []stateRow
	leftOut map[Micros]bool // nil if all are
}

// readStates reads a series of states in a span of whole buckets.
func readStates(
	ctx context.Context, q *db.Queries, log *seal.Log, g Granularity, id int64, s span,
) (read stateRows, err error) {
	blob, err := q.PackStateRollups(ctx, db.PackStateRollupsParams{
		Granularity: g.String(), SeriesID: id, FromTs: int64(s.from), UntilTs: int64(s.until),
	})
	if err != nil || len(blob) == 0 {
		return read, err
	}
	var sum seal.Row
	unsound := false
	for rows := packed(blob); len(rows) > 0; {
		row := stateRow{ts: Micros(rows.integer()), state: rows.real(), count: rows.integer()}
		sum.Begin("state_rollups").Text(g.String()).Integer(id).Integer(int64(row.ts)).Real(row.state).Integer(row.count)
		if row.sound = rows.isSound(&sum); !row.sound {
			unsound = true
			log.Note(seal.Key{Table: "state_rollups", Granularity: g.String(), TS: int64(row.ts), Rest: id})
		}
		read.rows = append(read.rows, row)
	}
	beside, err := besideStates(ctx, q, g, id, read.rows)
	if unsound || beside.SoundBefore == 0 || beside.SoundBehind == 0 {
		read.leaveOut(g.Bucket(), beside)
	}
	return read, err
}

// besideStates looks at the rows before the first one and behind the last one. A walk ends at a row whose key is damaged,
// and may begin behind one: what is asked for is what lies beside them, not beside the span.
func besideStates(
	ctx context.Context, q *db.Queries, g Granularity, id int64, rows []stateRow,
) (db.StatesBesideRow, error) {
	first, last := rows[0], rows[len(rows)-1]
	beside, err := q.StatesBeside(ctx, db.StatesBesideParams{
		Granularity: g.String(), SeriesID: id, FirstTs: int64(first.ts), FirstValue: first.state,
		LastTs: int64(last.ts), LastValue: last.state, Bucket: g.Bucket().Microseconds(),
	})
	if !first.sound {
		beside.SoundBefore = 1 // its key leads nowhere
	}
	if !last.sound {
		beside.SoundBehind = 1
	}
	return beside, err
}

// leaveOut finds the buckets that may lack a row: without one state of a bucket its mode and its shares lie.
func (r *stateRows) leaveOut(width time.Duration, beside db.StatesBesideRow) {
	r.leftOut = map[Micros]bool{}
	last := -1 // the last sound row
	for i := range len(r.rows) + 1 {
		if i < len(r.rows) && !r.rows[i].sound {
			continue
		}
		for unsound := last + 1; unsound < i; unsound++ {
			r.leaveOutAround(unsound, last, i, width)
		}
		if beside.SoundBefore == 0 && last < 0 {
			r.drop(i)
		}
		if beside.SoundBehind == 0 && i == len(r.rows) {
			r.drop(last)
		}
		last = i
	}
}

// leaveOutAround leaves the bucket of an unsound row out or, where that cannot be where the row says, those of the sound
// rows before and behind it: rows lie in the order of their true keys.
func (r *stateRows) leaveOutAround(unsound, before, behind int, width time.Duration) {
	r.drop(unsound)
	ts := r.rows[unsound].ts
	inPlace := ts.AlignDown(width) == ts &&
		(before < 0 || r.rows[before].ts <= ts) && (behind == len(r.rows) || ts <= r.rows[behind].ts)
	if !inPlace {
		r.drop(before)
		r.drop(behind)
	}
}

// drop leaves the bucket of a row out, if there is such a row.
func (r *stateRows) drop(row int) {
	if row >= 0 && row < len(r.rows) {
		r.leftOut[r.rows[row].ts] = true
	}
}

// appendStates adds the buckets of a series of states that are whole.
func (s *Snapshot) appendStates(
	ctx context.Context, page []Bucket, g Granularity, id int64, window Span,
) ([]Bucket, error) {
	read, err := readStates(ctx, s.q, s.unsound, g, id, span{window.From, window.Until})
	if err != nil {
		return page, err
	}
	before := stateRow{ts: math.MinInt64}
	for _, row := range read.rows {
		if !row.sound || read.leftOut[row.ts] {
			continue
		}
		if row.ts < before.ts || row.ts == before.ts && row.state <= before.state {
			return page, errDisorder("state_rollups")
		}
		before = row
		page = append(page, Bucket{
			TS: row.ts, SeriesID: id, Count: row.count,
			Sum: row.state * float64(row.count), Min: row.state, Max: row.state,
		})
	}
	return page, nil
}

// doubtfulStates returns the buckets of states in a slice that are not whole, as the queries take them.
func (w *Writer) doubtfulStates(ctx context.Context, g Granularity, slice span) (string, error) {
	series, err := w.q.ListModeSeries(ctx)
	if err != nil {
		return "", err
	}
	list := [][2]int64{}
	for _, id := range series {
		read, err := readStates(ctx, w.q, w.unsound, g, id, slice)
		if err != nil {
			return "", err
		}
		for ts := range read.leftOut {
			list = append(list, [2]int64{id, int64(ts)})
		}
	}
	text, err := json.Marshal(list)
	return string(text), err
}
