package push

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// What these judges compare, and with what, holds for a sender that is nothing but a loop: all
// points of a day go into each receiver and are found there; one that is missing, doubled or wrong
// is seen; a copy of the data has what had been sent before it.
func TestJudges(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{victoriaMetrics, windowPrometheus} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, k, dedupOf(k)...)
			until := closed()
			want := wanted(lived(filetest.Random(t), until.Add(-24*time.Hour), until))
			early, late := halves(want, until.Add(-12*time.Hour))
			r.sendAll(t, early)
			r.has(early, time.Minute)
			r.stop()
			copied := r.copyData()
			r.restart()
			r.sendAll(t, late)
			r.has(want, time.Minute)
			r.kill()
			r.restore(copied)
			r.restart()
			r.has(early, time.Minute)
		})
	}
}

func TestCompare(t *testing.T) {
	want := map[string]map[int64]float64{"a{}": {1: 1, 2: 2}, "a_count{}": {1: 3}}
	for name, c := range map[string]struct {
		got  map[string][]point
		want difference
	}{
		"all there": {map[string][]point{"a{}": {{1, 1}, {2, 2 + 1e-9}}, "a_count{}": {{1, 3}}},
			difference{}},
		"one missing": {map[string][]point{"a{}": {{1, 1}}, "a_count{}": {{1, 3}}},
			difference{missing: 1}},
		"one doubled": {
			map[string][]point{"a{}": {{1, 1}, {1, 1}, {2, 2}}, "a_count{}": {{1, 3}}},
			difference{doubled: 1},
		},
		"one wrong": {
			map[string][]point{"a{}": {{1, 1}, {2, 2}}, "a_count{}": {{1, 3 + 1e-9}}},
			difference{wrong: 1},
		},
		"one strange": {
			map[string][]point{"a{}": {{1, 1}, {2, 2}}, "a_count{}": {{1, 3}}, "b{}": {{1, 1}}},
			difference{strange: 1},
		},
	} {
		if got := compare(want, c.got); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// dedupOf are the flags by which a receiver takes a point twice and has it once.
func dedupOf(k kind) []string {
	if k.flush == "" {
		return nil
	}
	return []string{dedup}
}

func halves(
	want map[string]map[int64]float64, at time.Time,
) (early, late map[string]map[int64]float64) {
	early, late = map[string]map[int64]float64{}, map[string]map[int64]float64{}
	for series, points := range want {
		early[series], late[series] = map[int64]float64{}, map[int64]float64{}
		for ms, value := range points {
			if ms < at.UnixMilli() {
				early[series][ms] = value
			} else {
				late[series][ms] = value
			}
		}
	}
	return early, late
}
