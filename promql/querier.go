package promql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/wanstore/wanstore/service"
)

// querier reads one snapshot for one query. It opens the snapshot when the first selector is read:
// a query without one needs no file.
type querier struct {
	ctx      context.Context //nolint:containedctx // that of the query, which opens the snapshot
	history  *service.History
	lookback int64
	room     float64 // for more samples of 16 bytes

	snapshot *service.Snapshot
	ended    error // what closing it has come to
	catalog  *catalog
	tiers    [service.Hour + 1]service.TierSpan
	held     map[string]loaded // what selectors have read, which others may share
	// finest has the finest tier that is read for a question, where finer ones hold too much.
	finest map[string]service.Granularity
}

// Queryable returns the history as a storage of Prometheus, for an engine of its own with
// NewParser. ctx bounds what is read. A query reads one snapshot, from its first selector to the
// Close of its querier.
func (e *Engine) Queryable(ctx context.Context) storage.Queryable {
	return storage.QueryableFunc(func(_, _ int64) (storage.Querier, error) {
		return e.querier(ctx, e.options.Lookback), nil
	})
}

// queryable makes the querier of one query, and keeps what closing it has come to: the engine does
// not look at that.
type queryable struct {
	ctx      context.Context //nolint:containedctx // as in querier
	engine   *Engine
	lookback time.Duration
	querier  *querier
}

// Querier returns the querier. Each selector says by itself which time it is about.
func (q *queryable) Querier(_, _ int64) (storage.Querier, error) {
	q.querier = q.engine.querier(q.ctx, q.lookback)
	return q.querier, nil
}

// closed returns what closing the querier has come to.
func (q *queryable) closed() error {
	if q.querier == nil {
		return nil
	}
	return q.querier.Close()
}

func (e *Engine) querier(ctx context.Context, lookback time.Duration) *querier {
	return &querier{
		ctx: ctx, history: e.history, lookback: lookback.Milliseconds(),
		room: float64(e.options.MaxSamples), held: map[string]loaded{},
		finest: map[string]service.Granularity{},
	}
}

func (q *querier) open() error {
	if q.snapshot != nil {
		return nil
	}
	snapshot, err := q.history.Snapshot(q.ctx)
	if err != nil {
		return err
	}
	q.snapshot, q.catalog, q.tiers = snapshot, newCatalog(snapshot), snapshot.Tiers()
	return nil
}

// Close ends the snapshot. A second call returns what the first one did.
func (q *querier) Close() error {
	if q.snapshot != nil {
		q.ended = q.snapshot.Close()
		q.snapshot = nil
	}
	return q.ended
}

// Select returns the series that matchers pick, sorted, and reads them when the first one is asked
// for.
func (q *querier) Select(
	ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher,
) storage.SeriesSet {
	r, matchers, tagged := readingOf(matchers)
	if hints == nil {
		hints = &storage.SelectHints{Start: earliest, End: latest}
	}
	if !tagged {
		r = reading{column: instants, evaluation: stepped, function: noFunction}
		if hints.Range > 0 {
			r.column = means
		}
	}
	if r.column == averages {
		hints = r.ofWindows(hints, q.lookback)
	}
	return &seriesSet{read: func() ([]storage.Series, annotations.Annotations, error) {
		s := selection{querier: q, reading: r, matchers: matchers, hints: hints}
		return s.read(ctx)
	}}
}

// selection is one selector of a query.
type selection struct {
	querier *querier
	reading
	matchers []*labels.Matcher
	hints    *storage.SelectHints
	granule  int64
}

func (s *selection) read(ctx context.Context) ([]storage.Series, annotations.Annotations, error) {
	if err := s.querier.open(); err != nil {
		return nil, nil, err
	}
	list, hidden, err := s.querier.catalog.pick(ctx, s.matchers)
	if err != nil {
		return nil, nil, err
	}
	var notes annotations.Annotations
	for _, name := range hidden {
		notes.Add(s.shadowedNote(name))
	}
	s.granule = s.reading.granule(s.hints, s.querier.lookback)
	held, within, err := s.holdFinest(ctx, list)
	if err != nil {
		return nil, notes, err
	}
	if len(held.coarse) > 0 {
		notes.Add(s.coarseNote(held.coarse, s.querier.finest[s.question()] > service.Raw))
	}
	if held.sketchless && s.column == sketches {
		notes.Add(s.sketchlessNote())
	}
	series, err := s.series(ctx, list, held, within)
	return series, notes, err
}

// holdFinest returns what is read of series, from the finest tiers that the query has room for, and
// how they lie. A column may have nothing there.
func (s *selection) holdFinest(ctx context.Context, list []picked) (loaded, layout, error) {
	q, question := s.querier, s.question()
	for {
		all := layOut(q.tiers, s.granule, q.finest[question])
		within := all.clip(s.hints.Start-1, s.hints.End+1)
		if s.column == samples && !within.raw() || s.column.ofSketches() && within.raw() {
			return loaded{}, within, nil
		}
		room := q.room
		held, err := s.hold(ctx, list, within)
		_, tooMany := errors.AsType[upstream.ErrTooManySamples](err)
		coarser, left := q.coarser(all.base)
		if !tooMany || !left || s.column == means {
			return held, within, err
		}
		q.room, q.finest[question] = room, coarser
	}
}

// coarser returns the next coarser tier that has anything.
func (q *querier) coarser(than service.Granularity) (service.Granularity, bool) {
	for g := than + 1; g <= service.Hour; g++ {
		if !q.tiers[g].IsEmpty() {
			return g, true
		}
	}
	return than, false
}

// question names what all columns of one function are read for. Means are read for others, which no
// coarser tier answers.
func (s *selection) question() string {
	return fmt.Sprint(s.matchers, s.granule, s.column == means, s.hints.Start, s.hints.End)
}

// hold returns what is read of series, which was read already for another column perhaps.
func (s *selection) hold(ctx context.Context, list []picked, within layout) (loaded, error) {
	key := strings.Builder{}
	for _, m := range s.matchers {
		fmt.Fprintf(&key, "%s,", m)
	}
	fmt.Fprintf(&key, "%v %v", within.segments, s.column.ofSketches())
	if held, ok := s.querier.held[key.String()]; ok {
		return held, nil
	}
	held, err := s.querier.load(ctx, list, within, s.column.ofSketches())
	if err == nil {
		s.querier.held[key.String()] = held
	}
	return held, err
}

// series returns those that have samples, sorted by their labels.
func (s *selection) series(
	ctx context.Context, list []picked, held loaded, within layout,
) (all []storage.Series, err error) {
	add := func(one picked, runs []*run, state string) {
		all = append(all, s.sampled(runs, within, one, state))
	}
	for _, one := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		runs := held.series[one.ID]
		switch {
		case len(runs) == 0 || s.column.isSketches() && s.column != sketchesOf(one):
		case one.shares:
			for _, state := range s.querier.catalog.statesOf(one, runs) {
				if matchState(s.matchers, state) {
					add(one, runs, state)
				}
			}
		default:
			add(one, runs, "")
		}
	}
	slices.SortFunc(all, func(a, b storage.Series) int {
		return labels.Compare(a.Labels(), b.Labels())
	})
	return all, nil
}

// sampled returns one series of the answer.
func (s *selection) sampled(runs []*run, within layout, one picked, state string) storage.Series {
	made := &sampled{column: s.column, shares: one.shares, windows: s.windows()}
	if one.shares {
		made.states = s.querier.catalog.called(state, one.Metric, runs)
	}
	switch {
	case s.column != stateSketches:
	case one.shares:
		made.bins = binsOfShare()
	default:
		made.bins = binsIn(runs)
	}
	if within.halfOpen && s.column.rewritten() {
		made.rawGap = 1
	}
	for i, run := range s.wanted(runs) {
		width := run.segment.width()
		switch {
		case width == 0:
			made.add(run, 1, 0)
			continue
		case s.column == instants:
			parts := (width + s.querier.lookback - 1) / s.querier.lookback
			made.add(run, int(parts)+1, s.querier.lookback)
		default:
			share := run.segment.share(s.column, s.granule, s.hints.Range)
			made.add(run, int(width/share), share)
		}
		made.pieces[i].next = s.after(run, runs[i+1:], within)
	}
	return seriesOf(one.labels(state), made)
}

// windows are those that a range is read for.
func (s *selection) windows() windows {
	all := windows{end: s.hints.Start - 1 + s.hints.Range, width: s.hints.Range, step: latest}
	if s.evaluation == stepped && s.hints.Step > 0 {
		all.step = s.hints.Step
	}
	return all
}

// sketchesOf returns the column that has the sketches of a series.
func sketchesOf(one picked) column {
	if one.Aggregation == service.Mode {
		return stateSketches
	}
	return sketches
}

// wanted returns the rows that a column is about. States need no sketch.
func (s *selection) wanted(runs []*run) (list []*run) {
	if !s.column.ofSketches() || s.column == stateSketches {
		return runs
	}
	for _, run := range runs {
		list = append(list, run.sketched(s.column == sketches))
	}
	return list
}

// after returns where the next rows begin after a run. Where raw samples may follow, that is where
// their segment begins.
func (s *selection) after(of *run, others []*run, within layout) int64 {
	for _, segment := range within.segments {
		if segment.tier == service.Raw && segment.from == of.segment.until {
			return segment.from
		}
	}
	if len(others) > 0 {
		return others[0].rows[0].at
	}
	return latest
}

func seriesOf(lset labels.Labels, made *sampled) storage.Series {
	return &storage.SeriesEntry{Lset: lset, SampleIteratorFn: made.iterator}
}
