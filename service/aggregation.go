package service

import (
	"context"
	"maps"

	"github.com/wanstore/wanstore/repo"
)

// SetAggregation gives all series of a metric an aggregation, and returns how many had another one.
// Buckets are made again where all of their raw samples are still there; older ones keep their
// value, an average as the one state of its bucket. It blocks until that is done, and commits wait
// meanwhile. Each series is changed in a transaction of its own; after an error, call it again for
// the rest.
//
// Errors: ErrName, ErrAggregation for one that there is not, ErrClosed, ErrBusy, ErrDiskFull,
// ErrDamaged, those of the file system, and that of ctx.
func (w *Writer) SetAggregation(
	ctx context.Context, metric string, aggregation Aggregation,
) (changed int, err error) {
	right := Metric{Name: metric, Aggregation: aggregation}
	if err := (catalogue{}).check(right); err != nil {
		return 0, err
	}
	var done int
	err = w.do(ctx, func(_ context.Context, l *loop) error {
		var err error
		done, err = l.store.SetAggregation(ctx, metric, repo.Aggregation(aggregation))
		if err == nil {
			l.reaggregate(right)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// reaggregate takes note of the aggregation of a metric, whatever was declared before.
func (c *core) reaggregate(right Metric) {
	metrics, own := maps.Clone(c.metrics), maps.Clone(c.own)
	for _, all := range []catalogue{metrics, own} {
		if known, ok := all[right.Name]; ok {
			known.Aggregation = right.Aggregation
			all[right.Name] = known
		}
	}
	c.know(metrics, own)
}
