package promql

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	product "github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// fileStorage is a history file as upstream's tests of the language want a storage. Reading goes
// through the product. What a history refuses lies beside it: there the file has a stand-in.
//
//   - Values: NaN, stale markers, infinities, -0 and what is beyond service.MaxValue are in beside,
//     and the file has 0 at their moments. Start timestamps, which a history does not have, are in
//     beside, too.
//   - Sums of a history are finite, so that a mean is a sum divided by a count. Those of values
//     beyond service.MaxValue need not be: their means are those of a smaller unit.
//   - Names that a history refuses are escaped, and read back.
//   - Series have no WAN there: all are of one, which is left out of what is read.
type fileStorage struct {
	storage.Storage // nil: nothing else is called

	writer    *service.Writer
	history   *service.History
	queryable storage.Queryable
	names     names
	beside    map[moment]beside
	huge      map[uint64]bool // series with a value beyond service.MaxValue that is finite
}

// moment is one of one series.
type moment struct {
	series uint64 // the hash of its labels
	t      int64
}

// beside is what a sample has that a history does not keep.
type beside struct {
	value   float64
	refused bool // the file has a stand-in for the value
	start   int64
}

// A clock far ahead of all samples: none is of the future, and without maintenance none is old.
var endOfTests = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func newFileStorage(t testing.TB) storage.Storage {
	t.Helper()
	config := service.Config{
		DBPath: filepath.Join(t.TempDir(), "history.db"), CommitSamples: 1,
	}
	writer, err := service.OpenWriter(t.Context(), config, service.Options{
		Logger: slog.New(slog.DiscardHandler), NoMaintenance: true,
		Now: func() time.Time { return endOfTests },
	})
	if err != nil {
		t.Fatal(err)
	}
	history, err := writer.History(t.Context())
	if err != nil {
		t.Fatal(errors.Join(err, writer.Close(t.Context())))
	}
	engine := product.New(history, product.Options{Logger: slog.New(slog.DiscardHandler)})
	return &fileStorage{
		writer: writer, history: history, queryable: engine.Queryable(context.Background()),
		beside: map[moment]beside{}, huge: map[uint64]bool{},
	}
}

// Close closes the file, the second time in vain.
func (s *fileStorage) Close() error {
	return errors.Join(s.history.Close(), s.writer.CloseWithoutRollUp(context.Background()))
}

// AppenderV2 returns an appender of one transaction.
func (s *fileStorage) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &fileAppender{ctx: ctx, storage: s}
}

type fileAppender struct {
	storage.AppenderV2 // nil: nothing else is called

	ctx     context.Context
	storage *fileStorage
	samples []service.Sample
}

// Append keeps a sample for Commit. Histograms are dropped, as in the reference.
func (a *fileAppender) Append(
	_ storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram,
	fh *histogram.FloatHistogram, _ storage.AppendV2Options,
) (storage.SeriesRef, error) {
	if h != nil || fh != nil {
		return 1, nil
	}
	metric, others := a.storage.names.stored(ls)
	series, err := a.storage.writer.Series(metric, onlyWAN, others)
	if err != nil {
		return 0, err
	}
	if one := (beside{value: v, refused: refused(v), start: st}); one.refused || st != 0 {
		a.storage.beside[moment{ls.Hash(), t}] = one
	}
	if refused(v) {
		if v != 0 && !math.IsNaN(v) && !math.IsInf(v, 0) {
			a.storage.huge[ls.Hash()] = true
		}
		v = 0
	}
	a.samples = append(a.samples, service.Sample{Series: series, Time: time.UnixMilli(t), Value: v})
	return 1, nil
}

// refused says that a history does not give the value back bit by bit.
func refused(v float64) bool {
	return !(math.Abs(v) <= service.MaxValue) || v == 0 && math.Signbit(v)
}

// Commit writes what was appended.
func (a *fileAppender) Commit() error {
	return a.storage.writer.Write(a.ctx, a.samples...)
}

// Rollback forgets it.
func (a *fileAppender) Rollback() error { return nil }
