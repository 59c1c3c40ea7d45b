package push

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// selector selects all that a site sends.
const selector = `{site="` + site + `"}`

// difference is how what a receiver has differs from what it has to have.
type difference struct{ missing, doubled, wrong, strange int }

func (d difference) none() bool { return d == difference{} }

// String counts the cases.
func (d difference) String() string {
	return fmt.Sprintf("%d points are missing, %d doubled, %d wrong, %d not of the file",
		d.missing, d.doubled, d.wrong, d.strange)
}

// compare counts what differs: counts must be equal, other values within 1e-9, since
// VictoriaMetrics keeps one exponent for a block of values.
func compare(want map[string]map[int64]float64, got map[string][]point) (d difference) {
	for series, points := range got {
		seen := map[int64]bool{}
		for _, p := range points {
			value, known := want[series][p.ms]
			switch {
			case !known:
				d.strange++
			case seen[p.ms]:
				d.doubled++
			case !near(series, value, p.value):
				d.wrong++
			}
			seen[p.ms] = true
		}
	}
	for series, points := range want {
		has := map[int64]bool{}
		for _, p := range got[series] {
			has[p.ms] = true
		}
		for ms := range points {
			if !has[ms] {
				d.missing++
			}
		}
	}
	return d
}

func near(series string, want, got float64) bool {
	if name, _, _ := strings.Cut(series, "{"); strings.HasSuffix(name, "_count") {
		return want == got
	}
	return math.Abs(want-got) <= 1e-9*math.Abs(want)
}

// size is how many points there are.
func size(want map[string]map[int64]float64) (n int) {
	for _, points := range want {
		n += len(points)
	}
	return n
}

// span is how far back the histories of these tests reach.
const span = 32 * 24 * time.Hour

// has fails the test unless the receiver has every point within the limit, each once.
func (r *receiver) has(want map[string]map[int64]float64, limit time.Duration) {
	r.t.Helper()
	var last difference
	var got map[string][]point
	complete := func() bool {
		got = r.stored(selector, span, time.Now())
		last = compare(want, got)
		return last.none()
	}
	if within(limit, complete) {
		return
	}
	r.t.Errorf("of %d points at %s %s", size(want), r.name, last)
	for _, series := range slices.Sorted(maps.Keys(want)) {
		if len(got[series]) != len(want[series]) {
			r.t.Logf("%s has %d points, want %d", series, len(got[series]), len(want[series]))
		}
	}
	r.t.Log(r.lastWords())
}
