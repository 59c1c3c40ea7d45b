package promql

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/teststorage"
)

// oracle is Prometheus over the samples themselves.
type oracle struct {
	engine *upstream.Engine
	db     storage.Storage
}

// newOracle takes over all samples of a world that the hours of its file still count, shifted. A
// window of Prometheus ends with the moment that it is asked at, and one over buckets before that:
// shifted by a millisecond, a sample on a boundary is in the same window of both.
func newOracle(w *world, shift time.Duration) *oracle {
	w.t.Helper()
	o := &oracle{db: teststorage.New(w.t), engine: newUpstream(w.t)}
	list := slices.Clone(w.accepted)
	slices.SortStableFunc(list, func(a, b sample) int { return int(a.millis - b.millis) })
	for batch := range slices.Chunk(list, 10_000) {
		appender := o.db.AppenderV2(w.t.Context())
		for _, s := range batch {
			if s.millis < w.floor {
				continue
			}
			at := s.millis + shift.Milliseconds()
			for _, one := range w.kinds[s.series].oracleSeries(s.value) {
				if _, err := appender.Append(0, one.labels, 0, at, one.value, nil, nil,
					storage.AppendV2Options{}); err != nil {
					w.t.Fatal(err)
				}
			}
		}
		if err := appender.Commit(); err != nil {
			w.t.Fatal(err)
		}
	}
	return o
}

func newUpstream(t *testing.T) *upstream.Engine {
	t.Helper()
	engine := upstream.NewEngine(upstream.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: 50_000_000, Timeout: time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
	})
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

// labelled is a value of a series of the oracle.
type labelled struct {
	labels labels.Labels
	value  float64
}

// oracleSeries returns what the oracle knows of a sample: of a state also whether it was each of
// the states, of which the mean is the share.
func (s series) oracleSeries(value float64) []labelled {
	list := []labelled{{s.promLabels(), value}}
	for state, name := range s.states {
		builder := labels.NewBuilder(s.promLabels())
		builder.Set(metricName, s.metric+"_ratio")
		if own := s.promLabels().Get("state"); own != "" {
			builder.Set("exported_state", own)
		}
		builder.Set("state", name)
		is := 0.0
		if value == state {
			is = 1
		}
		list = append(list, labelled{builder.Labels(), is})
	}
	return list
}

// query is an expression at moments; of an instant query from is until.
type query struct {
	expr        string
	from, until time.Time
	step        time.Duration // 0 for an instant query
}

// ask returns the answer, and its annotations.
func (o *oracle) ask(t *testing.T, q query) (upstream.Matrix, []string) {
	t.Helper()
	ctx := t.Context()
	var asked upstream.Query
	var err error
	if q.step == 0 {
		asked, err = o.engine.NewInstantQuery(ctx, o.db, nil, q.expr, q.from)
	} else {
		asked, err = o.engine.NewRangeQuery(ctx, o.db, nil, q.expr, q.from, q.until, q.step)
	}
	if err != nil {
		t.Fatalf("%s: %v", q.expr, err)
	}
	defer asked.Close()
	answer := asked.Exec(ctx)
	if answer.Err != nil {
		t.Fatalf("%s: %v", q.expr, answer.Err)
	}
	warnings, infos := answer.Warnings.AsStrings(q.expr, 10, 10)
	return copied(t, answer.Value), sorted(warnings, infos)
}

func sorted(warnings, infos []string) []string {
	all := slices.Concat(warnings, infos)
	slices.Sort(all)
	return all
}

// copied returns what was answered as a matrix, in memory of its own.
func copied(t *testing.T, value parser.Value) upstream.Matrix {
	t.Helper()
	var matrix upstream.Matrix
	switch v := value.(type) {
	case upstream.Matrix:
		for _, one := range v {
			matrix = append(matrix, upstream.Series{Metric: one.Metric, Floats: slices.Clone(one.Floats)})
		}
	case upstream.Vector:
		for _, one := range v {
			matrix = append(matrix, upstream.Series{
				Metric: one.Metric, Floats: []upstream.FPoint{{T: one.T, F: one.F}},
			})
		}
	default:
		t.Fatalf("answer of type %T", value)
	}
	slices.SortFunc(matrix, func(a, b upstream.Series) int {
		return labels.Compare(a.Metric, b.Metric)
	})
	return matrix
}
