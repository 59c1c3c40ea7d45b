package repo

import (
	"context"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/internal/sketch"
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
