package repo

import (
	"context"
	"iter"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// pageRows is how many rows a scan holds in memory, or one a series where there are more series.
const pageRows = 10_000

// Bucket is what one row of a tier says of a series: a raw sample, a bucket of measurements, or one
// state of a bucket.
type Bucket struct {
	TS       Micros
	SeriesID int64
	Count    int64
	Sum      float64
	Min      float64 // of a state: the state itself
	Max      float64

	// Sketch has the bytes of a sketch of the samples, nil for none: where Span.Sketches did not ask
	// for it, of a raw sample, a state, and a bucket whose metric keeps no percentiles, that was made
	// before there were sketches, or that has a Sample.Aggregated. One that does not have all of the
	// Count samples counts for nothing. It lies in memory that is shared with other buckets, and must
	// not be changed.
	Sketch []byte
}

// Span is a stretch of time, [From, Until), and how it is read.
type Span struct {
	From, Until Micros
	NewestFirst bool
	Sketches    bool // read those of buckets, too
}

// Scan yields the rows that a tier has in a span of the given series, which come in the order of
// their ids. Rows come in the order of time, or against it; those of one bucket of a series follow
// each other. They are read page by page. What lies below the floor of the tier is not there. After
// an error it ends.
//
// Errors: that of ctx, ErrReadTooLong, ErrOtherName, ErrDamaged, and those of the file system.
func (s *Snapshot) Scan(
	ctx context.Context, g Granularity, series []SeriesInfo, span Span,
) iter.Seq2[Bucket, error] {
	if len(series) == 0 {
		return func(func(Bucket, error) bool) {}
	}
	span.From = max(span.From, s.Tiers[g].Floor)
	pages := s.bucketPages(ctx, g, series, span)
	if g == Raw {
		pages = s.samplePages(ctx, series, span)
	}
	return func(yield func(Bucket, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(Bucket{}, sqlite.Failure(ctx, "read", s.path, err))
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
