package importer_test

import (
	"math"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Raw rows of wanctl are samples: their buckets keep how they are distributed.
func TestQuantilesOfRawRows(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	for n := range int64(1200) { // 20 rows a second
		db.Add(rtt(n/20, float64(n%100+1), "raw"))
	}
	s.wantTaken(db, importer.Result{Read: 1200, Stored: 1200})
	if _, err := s.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := s.writer.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	minute, count := service.Minute, 0
	query := service.Query{From: begin, Until: now, Only: &minute, Quantiles: true}
	for p, err := range h.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		for _, q := range []float64{0.5, 0.95, 0.99} {
			got, ok := p.Quantile(q)
			if !ok || math.Abs(got/(100*q)-1) > p.Distribution.Error()+1e-12 {
				t.Errorf("%s: quantile %v is %v, %v, want about %v", p.Time.Format(time.TimeOnly), q, got, ok,
					100*q)
			}
		}
	}
	if count != 1 {
		t.Errorf("%d buckets, want one", count)
	}
}

// An aggregated row stands for an unknown number of rows: the buckets that it becomes part of have
// no percentiles, and the others have theirs.
func TestQuantilesOfAggregatedRows(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rtt(0, 50, "1m"), rtt(60, 50, "1m"))
	for n := range int64(1200) {
		db.Add(rtt(300+n/4, float64(n%100+1), "raw"))
	}
	s.wantTaken(db, importer.Result{Read: 1202, Stored: 1202})
	if _, err := s.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := s.writer.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, g := range []service.Granularity{service.Minute, service.FiveMinutes} {
		query := service.Query{From: begin, Until: begin.Add(10 * time.Minute), Only: &g, Quantiles: true}
		points := 0
		for p, err := range h.Range(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			points++
			aggregated := p.Time.Before(begin.Add(5 * time.Minute))
			if _, ok := p.Quantile(0.5); ok == aggregated {
				t.Errorf("%s %s: a quantile %t", g, p.Time.Format(time.TimeOnly), ok)
			}
		}
		if points < 2 {
			t.Errorf("%d points of %s", points, g)
		}
	}
	query := service.Query{From: begin, Until: begin.Add(10 * time.Minute), Quantiles: true}
	for _, step := range []time.Duration{0, 5 * time.Minute} { // the samples are still there
		query.Step = step
		list, err := h.Summarize(t.Context(), query)
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		if value, ok := list[0].Quantile(0.5); ok {
			t.Errorf("step %s: the summary has the median %v", step, value)
		}
	}
}
