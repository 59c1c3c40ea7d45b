package repo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

const day = 24 * time.Hour

func TestExpireAfterALongTimeWithoutPower(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	series := newSeries("measured")
	add(t, w, every(10e6, start, start.Add(2*time.Hour), series)...)
	rollUpAll(t, w, start.Add(2*time.Hour))
	// A block larger than a step, then some rows: none are ever rolled up.
	fillBlock(t, path, 1_000_050, start.Add(3*time.Hour), 1)
	fillSamples(t, path, 50, 10, start.Add(4*time.Hour), 1_000_000)
	now := start.Add(40 * day)
	recent := every(10e6, now.Add(-time.Hour), now, series)
	add(t, w, recent...)

	before := tiersOf(t, w)
	limit := before.ExpiryLimit(now)
	var expiry repo.Expiry
	if more, err := w.Expire(t.Context(), now, &expiry); !more || err != nil {
		t.Fatalf("the first step: more %v, %v", more, err)
	}
	if diff := cmp.Diff(before, tiersOf(t, w)); diff != "" {
		t.Errorf("the tiers moved before all is counted (-before +after):\n%s", diff)
	}
	if more, err := w.Expire(t.Context(), now, &expiry); more || err != nil {
		t.Fatalf("the second step: more %v, %v", more, err)
	}
	if expiry.Samples != 1_000_100 {
		t.Errorf("%d samples given up, want those 1,000,100 that were never rolled up", expiry.Samples)
	}
	for _, tier := range tiersOf(t, w) {
		if tier.Floor != limit || tier.Granularity != repo.Raw && tier.Watermark != limit {
			t.Errorf("%s: floor %s, watermark %s, want both at %s",
				tier.Granularity, tier.Floor.Time(), tier.Watermark.Time(), limit.Time())
		}
	}
	if got := add(t, w, repo.Sample{Series: series, TS: limit - 1}); got[0] != repo.RefusedOld {
		t.Errorf("a sample below what was given up: outcome %d, want %d", got[0], repo.RefusedOld)
	}
	checkCarriesOn(t, w, now, len(recent))
}

// checkCarriesOn rolls up and prunes to the end: each tier must hold all that is left, once.
func checkCarriesOn(t *testing.T, w *repo.Writer, now repo.Micros, samples int) {
	t.Helper()
	rollUpAll(t, w, now)
	if err := w.RaiseFloors(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for _, g := range rollups {
		var sweep repo.Sweep
		for more := true; more; {
			var err error
			if _, more, err = w.SweepRollups(t.Context(), g, &sweep); err != nil {
				t.Fatal(err)
			}
		}
		if n := filetest.Int(t, w.Path(), "SELECT sum(count) FROM rollups WHERE granularity = ?",
			g.String()); n != int64(samples) {
			t.Errorf("%s holds %d samples, want %d", g, n, samples)
		}
	}
	tiers := tiersOf(t, w)
	for g, tier := range tiers[:repo.Hour] {
		if next := tiers[g+1]; tier.Floor > next.Watermark ||
			tier.Floor.AlignDown(next.Granularity.Bucket()) != tier.Floor {
			t.Errorf("the floor of %s is %s, past the watermark of %s or inside one of its buckets",
				tier.Granularity, tier.Floor.Time(), next.Granularity)
		}
	}
}

func TestExpireOfNothing(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	add(t, w, every(600e6, start, start.Add(3*day), newSeries("measured"))...)
	now := start.Add(3 * day)
	rollUpAll(t, w, now)
	before := filetest.Dump(t, path)
	for _, later := range []time.Duration{0, 4 * day, 7*day + time.Hour} {
		var expiry repo.Expiry
		if more, err := w.Expire(t.Context(), now.Add(later-time.Hour), &expiry); more || err != nil ||
			expiry.Samples != 0 {
			t.Errorf("%v later: more %v, %d samples, %v", later, more, expiry.Samples, err)
		}
		if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
			t.Errorf("%v later (-before +after):\n%s", later, diff)
		}
	}
}

// What one tier has taken over is in the history until the retention: it is no loss when that
// passes before the next tier has made its buckets.
func TestExpireOfWhatTheFirstTierHasTaken(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	add(t, w, every(10e6, start, start.Add(2*time.Hour), newSeries("measured"))...)
	rollUp(t, w, repo.Minute, start.Add(2*time.Hour), 0)
	now := start.Add(8 * day)
	limit := tiersOf(t, w).ExpiryLimit(now)
	var expiry repo.Expiry
	for more := true; more; {
		var err error
		if more, err = w.Expire(t.Context(), now, &expiry); err != nil {
			t.Fatal(err)
		}
	}
	if expiry.Samples != 0 {
		t.Errorf("%d samples given up, want 0", expiry.Samples)
	}
	for _, tier := range tiersOf(t, w) {
		if tier.Floor != limit {
			t.Errorf("the floor of %s is %s, want %s", tier.Granularity, tier.Floor.Time(), limit.Time())
		}
	}
}
