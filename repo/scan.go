package repo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/wanstore/wanstore/db"
)

// pageRows is how many rows a scan holds in memory, or one a series where there are more series.
const pageRows = 10_000

// Bucket is what one row of a tier says of a series: a raw sample, a bucket of measurements, or one state of a bucket.
type Bucket struct {
	TS       Micros
	SeriesID int64
	Count    int64
	Sum      float64
	Min      float64 // of a state: the state itself
	Max      float64
}

// Scan yields the rows that a tier has in [from, until) of the given series, which come in the order of their ids. Rows come
// in the order of time and then of those ids; the states of one bucket follow each other in the order of their values. They
// are read page by page. What lies below the floor of the tier is not there. After an error it ends.
//
// Errors: that of ctx, ErrDamaged, and those of the file system.
func (s *Snapshot) Scan(ctx context.Context, g Granularity, series []SeriesInfo, from, until Micros) iter.Seq2[Bucket, error] {
	if len(series) == 0 {
		return func(func(Bucket, error) bool) {}
	}
	from = max(from, s.Tiers[g].Floor)
	pages := s.bucketPages(ctx, g, series, from, until)
	if g == Raw {
		pages = s.samplePages(ctx, series, from, until)
	}
	return func(yield func(Bucket, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(Bucket{}, failure(ctx, "read", s.path, err))
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// samplePages reads raw samples in the order of their key, each page from where the one before has ended.
func (s *Snapshot) samplePages(ctx context.Context, series []SeriesInfo, from, until Micros) iter.Seq2[[]Bucket, error] {
	return func(yield func([]Bucket, error) bool) {
		ids, err := idArray(series)
		if err != nil {
			yield(nil, err)
			return
		}
		next := db.ListSamplesParams{
			AfterTs: int64(from), UntilTs: int64(until), SeriesIds: ids, MaxRows: pageRows,
			LeastID: series[0].ID, GreatestID: series[len(series)-1].ID,
		}
		for {
			rows, err := s.q.ListSamples(ctx, next)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(rows) == 0 || !yield(sampleBuckets(rows), nil) || len(rows) < pageRows {
				return
			}
			last := rows[len(rows)-1]
			next.AfterTs, next.AfterSeriesID = last.Ts, last.SeriesID
		}
	}
}

func sampleBuckets(rows []db.RawSample) []Bucket {
	page := make([]Bucket, 0, len(rows))
	for _, row := range rows {
		page = append(page, Bucket{
			TS: Micros(row.Ts), SeriesID: row.SeriesID, Count: 1, Sum: row.Value, Min: row.Value, Max: row.Value,
		})
	}
	return page
}

func idArray(series []SeriesInfo) (string, error) {
	ids := make([]int64, 0, len(series))
	for _, one := range series {
		ids = append(ids, one.ID)
	}
	text, err := json.Marshal(ids)
	return string(text), err
}

// bucketPages reads the buckets of all series window by window: their key has the series first, so a window is one walk a
// series, and sorting it brings them in the order of time.
func (s *Snapshot) bucketPages(ctx context.Context, g Granularity, series []SeriesInfo, from, until Micros) iter.Seq2[[]Bucket, error] {
	return func(yield func([]Bucket, error) bool) {
		width := time.Duration(max(pageRows/max(len(series), 1), 1)) * g.Bucket()
		for from < until {
			first, err := s.q.FirstBucket(ctx, db.FirstBucketParams{Granularity: g.String(), FromTs: int64(from)})
			if err != nil {
				yield(nil, err)
				return
			}
			if first < 0 || Micros(first) >= until {
				return
			}
			end := min(Micros(first).Add(width), until)
			page, err := s.window(ctx, g, series, Micros(first), end)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			from = end
		}
	}
}

func (s *Snapshot) window(ctx context.Context, g Granularity, series []SeriesInfo, from, until Micros) ([]Bucket, error) {
	var page []Bucket
	for _, one := range series {
		read := s.appendBuckets
		if one.Aggregation == Mode {
			read = s.appendStates
		}
		var err error
		if page, err = read(ctx, page, g, one.ID, from, until); err != nil {
			return nil, fmt.Errorf("series %d: %w", one.ID, err)
		}
	}
	slices.SortStableFunc(page, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.SeriesID, b.SeriesID))
	})
	return page, nil
}

func (s *Snapshot) appendBuckets(ctx context.Context, page []Bucket, g Granularity, id int64, from, until Micros) ([]Bucket, error) {
	rows, err := s.q.ListRollups(ctx, db.ListRollupsParams{
		Granularity: g.String(), SeriesID: id, FromTs: int64(from), UntilTs: int64(until),
	})
	for _, row := range rows {
		page = append(page, Bucket{
			TS: Micros(row.Ts), SeriesID: id, Count: row.Count, Sum: row.Sum, Min: row.Min, Max: row.Max,
		})
	}
	return page, err
}

func (s *Snapshot) appendStates(ctx context.Context, page []Bucket, g Granularity, id int64, from, until Micros) ([]Bucket, error) {
	rows, err := s.q.ListStateRollups(ctx, db.ListStateRollupsParams{
		Granularity: g.String(), SeriesID: id, FromTs: int64(from), UntilTs: int64(until),
	})
	for _, row := range rows {
		page = append(page, Bucket{
			TS: Micros(row.Ts), SeriesID: id, Count: row.Count,
			Sum: row.Value * float64(row.Count), Min: row.Value, Max: row.Value,
		})
	}
	return page, err
}

// Newest is the newest sample of a series.
type Newest struct {
	SeriesID int64
	TS       Micros
	Value    float64
}

// Newest returns the newest sample of every series of which the file still holds anything, in the order of their ids.
//
// Errors: that of ctx, ErrDamaged, and those of the file system.
func (s *Snapshot) Newest(ctx context.Context) ([]Newest, error) {
	recent, err := s.q.ListNewestSamples(ctx, int64(max(s.Tiers[Minute].Watermark, s.Tiers[Raw].Floor)))
	if err != nil {
		return nil, failure(ctx, "read", s.path, err)
	}
	known, err := s.q.ListSeries(ctx)
	if err != nil {
		return nil, failure(ctx, "read", s.path, err)
	}
	newest := make(map[int64]Newest, len(known))
	for _, row := range known {
		if row.LastTs.Valid && Micros(row.LastTs.Int64) >= s.Tiers.LowestFloor() {
			newest[row.ID] = Newest{SeriesID: row.ID, TS: Micros(row.LastTs.Int64), Value: row.LastValue.Float64}
		}
	}
	for _, row := range recent {
		newest[row.SeriesID] = Newest{SeriesID: row.SeriesID, TS: Micros(row.Ts), Value: row.Value}
	}
	list := make([]Newest, 0, len(newest))
	for _, one := range newest {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Newest) int { return cmp.Compare(a.SeriesID, b.SeriesID) })
	return list, nil
}
