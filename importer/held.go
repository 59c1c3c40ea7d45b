package importer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wanstore/wanstore/service"
)

// held is where a history had anything when a run of an import began, and where the run itself has
// put aggregated rows since. What the run stores beside those must not count, so a metric of a WAN
// is looked up before the first of its rows is stored.
type held struct {
	writer      *service.Writer // of the history
	from, until time.Time
	empty       bool // nothing had been stored in it
	history     *service.History
	series      map[heldMetric][]*heldSeries
}

type heldMetric struct{ wan, metric string }

// heldSeries is where the history has anything of a series.
type heldSeries struct {
	labels service.Labels
	newest time.Time  // of its samples
	spans  []heldSpan // in the order of time, apart from each other
}

// heldSpan is a stretch of time in Unix seconds, half-open.
type heldSpan struct{ from, until int64 }

// look finds out what the history has of a metric of a WAN, once.
func (h *held) look(ctx context.Context, of heldMetric) error {
	if _, known := h.series[of]; known {
		return nil
	}
	if h.series == nil {
		h.series = map[heldMetric][]*heldSeries{}
	}
	of = heldMetric{strings.Clone(of.wan), strings.Clone(of.metric)} // parts of a whole row
	h.series[of] = nil
	if h.empty {
		return nil
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	filter := service.Filter{Metrics: []string{of.metric}, WAN: of.wan}
	list, err := h.history.Holdings(ctx, filter, h.from, h.until)
	for _, one := range list {
		series := &heldSeries{labels: one.Labels, newest: one.Newest}
		for _, span := range one.Spans {
			series.spans = append(series.spans, heldSpan{span.From.Unix(), span.Until.Unix()})
		}
		h.series[of] = append(h.series[of], series)
	}
	return err
}

func (h *held) open(ctx context.Context) (err error) {
	if h.history == nil {
		h.history, err = h.writer.History(ctx)
	}
	return err
}

// close closes the history.
func (h *held) close() error {
	if h == nil || h.history == nil {
		return nil
	}
	return h.history.Close()
}

// has says that the history has something of a span in a series with all of these labels. An
// aggregated row has only those by which wanctl tells series apart, and stands for all raw rows
// that have them.
func (h *held) has(of heldMetric, labels service.Labels, span heldSpan) bool {
	for _, series := range h.series[of] {
		if series.has(span) && contains(series.labels, labels) {
			return true
		}
	}
	return false
}

// add takes note that a span of a series has a sample now.
func (h *held) add(of heldMetric, labels service.Labels, span heldSpan) {
	if series := h.find(of, labels); series != nil {
		series.add(span)
		return
	}
	h.series[of] = append(h.series[of], &heldSeries{labels: labels, spans: []heldSpan{span}})
}

// find returns what the history has of a series, nil if that is nothing.
func (h *held) find(of heldMetric, labels service.Labels) *heldSeries {
	for _, series := range h.series[of] {
		if maps.Equal(series.labels, labels) {
			return series
		}
	}
	return nil
}

// first returns where the first span is that ends after a second.
func (s *heldSeries) first(second int64) int {
	i, _ := slices.BinarySearchFunc(s.spans, second, func(span heldSpan, second int64) int {
		if span.until <= second {
			return -1
		}
		return 1
	})
	return i
}

func (s *heldSeries) has(span heldSpan) bool {
	i := s.first(span.from)
	return i < len(s.spans) && s.spans[i].from < span.until
}

// add adds a span, and joins it with those that it touches.
func (s *heldSeries) add(span heldSpan) {
	begin := s.first(span.from - 1)
	end := begin
	for ; end < len(s.spans) && s.spans[end].from <= span.until; end++ {
		span.from = min(span.from, s.spans[end].from)
		span.until = max(span.until, s.spans[end].until)
	}
	s.spans = slices.Replace(s.spans, begin, end, span)
}

func contains(labels, some service.Labels) bool {
	for name, value := range some {
		if got, ok := labels[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// widths are those of aggregated rows, in seconds.
var widths = map[string]int64{"1m": 60, "5m": 300, "1h": 3600}

// errHeld says why an aggregated row is left out.
var errHeld = errors.New("the history has something of its span already")
