package repo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What another writer has stored is not taken twice, also where that writer has deleted as much as
// it has stored, so that nothing is more than it was.
func TestKnowsWhatAnotherHasStored(t *testing.T) {
	path := filetest.Path(t)
	one, other := open(t, path), open(t, path)
	series := []*repo.Series{newSeries("rtt"), newSeries("rtt")} // a handle for each writer
	at := start.Add(4*time.Minute + 30*time.Second)
	add(t, one, repo.Sample{Series: series[0], TS: at, Value: 1})
	add(t, other, repo.Sample{Series: series[1], TS: at + 1, Value: 1})
	rollUpAll(t, one, start.Add(5*time.Minute))
	add(t, one, repo.Sample{Series: series[0], TS: start.Add(5 * time.Minute), Value: 1})

	setFloor(t, path, repo.Raw, start.Add(5*time.Minute))
	sweepSamples(t, other)
	again := []repo.Micros{start.Add(6 * time.Minute), start.Add(7 * time.Minute)}
	for _, ts := range again {
		add(t, other, repo.Sample{Series: series[1], TS: ts, Value: 1})
	}
	for _, ts := range again {
		got := add(t, one, repo.Sample{Series: series[0], TS: ts, Value: 2})
		if diff := cmp.Diff([]repo.Outcome{repo.Duplicate}, got); diff != "" {
			t.Errorf("a repeat of what another writer has stored (-want +got):\n%s", diff)
		}
	}
	if n := filetest.Int(t, path, "SELECT count(*) FROM "+filetest.RawSamples); n != 3 {
		t.Errorf("%d samples, want 3", n)
	}
}
