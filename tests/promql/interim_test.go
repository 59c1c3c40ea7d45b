package promql

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/wanstore/wanstore/service"
)

func isTag(name string) bool { return strings.HasPrefix(name, "__agg") }

type interim struct {
	storage.Querier
	history    *service.History
	mint, maxt int64
}

func queryableOf(h *service.History) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		return interim{storage.NoopQuerier(), h, mint, maxt}, nil
	})
}

type fp struct {
	t int64
	f float64
}

func (f fp) T() int64                      { return f.t }
func (f fp) ST() int64                     { return 0 }
func (f fp) F() float64                    { return f.f }
func (f fp) H() *histogram.Histogram       { return nil }
func (f fp) FH() *histogram.FloatHistogram { return nil }
func (f fp) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (f fp) Copy() chunks.Sample           { return f }

func (i interim) Select(
	ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher,
) storage.SeriesSet {
	only := service.Raw
	from, until := i.mint, i.maxt
	if hints != nil {
		from, until = hints.Start, hints.End
	}
	by := map[int64][]chunks.Sample{}
	ls := map[int64]labels.Labels{}
	list := &seriesList{}
	for p, err := range i.history.Range(ctx, service.Query{From: time.UnixMilli(max(0, from)), Until: time.UnixMilli(until + 1), Only: &only}) {
		if err != nil {
			list.err = err
			return list
		}
		if _, ok := ls[p.SeriesID]; !ok {
			m := map[string]string(p.Labels)
			b := labels.NewBuilder(labels.FromMap(m))
			b.Set("__name__", p.Metric)
			b.Set("wan", p.WAN)
			ls[p.SeriesID] = b.Labels()
		}
		by[p.SeriesID] = append(by[p.SeriesID], fp{p.Time.UnixMilli(), p.Value})
	}
	for id, one := range by {
		if matchesAll(ls[id], matchers) {
			list.series = append(list.series, storage.NewListSeries(ls[id], one))
		}
	}
	return list
}
