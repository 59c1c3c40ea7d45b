package promql

import (
	"context"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/teststorage"
)

// floatTSDB is Prometheus's own TSDB without histograms: the best that a store of numbers can do.
type floatTSDB struct{ *teststorage.TestStorage }

func newFloatTSDB(t testing.TB) storage.Storage {
	t.Helper()
	return floatTSDB{promqltest.NewBuiltinTestStorage(t)}
}

// AppenderV2 returns one that drops histograms silently: an error would end the whole file of
// tests.
func (s floatTSDB) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return floatAppender{s.TestStorage.AppenderV2(ctx)}
}

type floatAppender struct{ storage.AppenderV2 }

func (a floatAppender) Append(
	ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram,
	fh *histogram.FloatHistogram, opts storage.AppendV2Options,
) (storage.SeriesRef, error) {
	if h != nil || fh != nil {
		return ref, nil
	}
	return a.AppenderV2.Append(ref, ls, st, t, v, nil, nil, opts)
}
