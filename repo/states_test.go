package repo_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// minutesOfStates makes a file with seven minutes of a series whose id is 2, in each of them one
// sample in state 0, two in state 1 and three in state 2, rolled up to minutes.
func minutesOfStates(t *testing.T) (path string) {
	t.Helper()
	path = filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	states := &repo.Series{Key: mendedMode, Aggregation: repo.Mode}
	samples := []repo.Sample{{Series: &repo.Series{Key: mendedAverage}, TS: start, Value: 1}}
	for minute := range repo.Micros(7) {
		for i, state := range []float64{0, 1, 1, 2, 2, 2} {
			samples = append(samples, repo.Sample{
				Series: states, TS: start + minute*60_000_000 + repo.Micros(i), Value: state,
			})
		}
	}
	add(t, w, samples...)
	if _, _, err := w.RollUp(t.Context(), repo.Minute, start+8*60_000_000, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// An index of somebody that has the states of a bucket in another order is no damage.
func TestStatesWithAnIndexOfSomebody(t *testing.T) {
	path := minutesOfStates(t)
	want := ask(t, path)
	filetest.Exec(t, path, "CREATE INDEX i ON state_rollups "+
		"(granularity, series_id, ts, count DESC, total, value, chk)")
	if diff := cmp.Diff(want, ask(t, path)); diff != "" {
		t.Errorf("with the index (-want +got):\n%s", diff)
	}
}

// A bit is flipped in the key of one row of a bucket of states. What is read and rolled up then is
// whole buckets: a bucket without one of its states would have another mode.
func TestKeyOfStatesDamaged(t *testing.T) {
	path := minutesOfStates(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved, step := 0, 5
	if testing.Short() {
		step = 23
	}
	for minute := range repo.Micros(7) {
		key := binary.BigEndian.AppendUint64([]byte("1m\x02"), uint64(start+minute*60_000_000))
		for from, row := 0, 0; row < 3; row++ {
			at := bytes.Index(whole[from:], key)
			if at < 0 {
				t.Fatalf("row %d of minute %d is not there", row, minute)
			}
			at += from
			from = at + 1
			for bit := (int(minute)*3 + row) % step; bit < len(key)*8; bit += step {
				damaged := bytes.Clone(whole)
				damaged[at+bit/8] ^= 1 << (bit % 8)
				if movesAsideOrHasWholeBuckets(t, damaged) {
					moved++
				}
				if t.Failed() {
					t.Fatalf("bit %d of row %d of minute %d", bit, row, minute)
				}
			}
		}
	}
	t.Logf("%d were moved aside", moved)
}

func movesAsideOrHasWholeBuckets(t *testing.T, damaged []byte) (moved bool) {
	t.Helper()
	path := t.TempDir() + "/history.db"
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Minute) // or it may be half a copy
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	hasWholeBuckets(t, path, repo.Minute)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.RollUp(t.Context(), repo.FiveMinutes, start+8*60_000_000, 0); err != nil {
		t.Error(err)
	}
	moved = w.Findings().Quarantine != nil
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if !moved {
		hasWholeBuckets(t, path, repo.FiveMinutes)
	}
	return moved
}

// hasWholeBuckets says that all buckets of states have one sample in state 0, two in 1 and three in
// 2, or a multiple.
func hasWholeBuckets(t *testing.T, path string, g repo.Granularity) {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[repo.Micros][3]int64{}
	for row, err := range s.Scan(s.Context(), g, s.Series, repo.Span{Until: math.MaxInt64}) {
		if err != nil {
			t.Fatal(err)
		}
		if row.SeriesID == 2 {
			states := counts[row.TS]
			states[int(row.Min)] = row.Count
			counts[row.TS] = states
		}
	}
	for ts, states := range counts {
		if states[1] != 2*states[0] || states[2] != 3*states[0] {
			t.Errorf("%s at %d has states %v, which is not all", g, ts, states)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
