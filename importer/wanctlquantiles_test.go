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
