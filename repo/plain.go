package repo

import (
	"context"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/repo/internal/functions"
)

// plainMetrics are the metrics whose buckets keep no sketch. They are read when the first one is
// asked for.
type plainMetrics struct {
	names map[string]bool
}

func (p *plainMetrics) has(ctx context.Context, q *db.Queries, metric string) (bool, error) {
	if p.names != nil {
		return p.names[metric], nil
	}
	names, err := q.ListPlainMetrics(ctx)
	if err != nil {
		return false, err
	}
	p.names = make(map[string]bool, len(names))
	for _, name := range names {
		p.names[name] = true
	}
	return p.names[metric], nil
}

// sketch makes the bytes of the sketch of one value that occurred so many times, nil where buckets
// of the metric keep none.
func (p *plainMetrics) sketch(
	ctx context.Context, q *db.Queries, metric string, value float64, count int64,
) ([]byte, error) {
	plain, err := p.has(ctx, q, metric)
	if err != nil || plain {
		return nil, err
	}
	var s sketch.Sketch
	s.Add(value, uint64(count))
	return s.Append(nil), nil
}

// noSketch is what a bucket has in place of a sketch where it must not get one: that is no sketch,
// nor does it become one by what joins it.
var noSketch = []byte{}

// mergeSketch merges a sketch into that of a bucket, nil for none.
func (w *Writer) mergeSketch(
	ctx context.Context, g Granularity, series int64, bucket Micros, values []byte,
) error {
	id, ok := functions.SketchID(g.String(), series, int64(bucket))
	if !ok || values == nil {
		return nil
	}
	w.row.Begin("sketches").Integer(id).Bytes(values)
	return w.q.MergeSketch(ctx, db.MergeSketchParams{ID: id, Sketch: values, Chk: w.row.Sum()})
}
