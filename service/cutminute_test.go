package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A minute with more samples than one step takes is rolled up in parts. While its first part is in
// 1m and the rest is not, every sample is in one point all the same, and late ones come in on
// either side of the cut.
func TestMinuteThatIsCut(t *testing.T) {
	path := filetest.Path(t)
	minute := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := minute.Add(2 * time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	options := quiet()
	options.Now, options.TrustClock = func() time.Time { return now }, true
	steps := 0
	options.Watchdog = func() {
		if steps++; steps == 3 { // to judge the clock, to expire, and the first part of raw->1m
			cancel()
		}
	}
	w := open(t, service.Config{DBPath: path, CommitSamples: 20_000}, options)
	s := rtt(t, w)
	const step, commits, perCommit = 500 * time.Microsecond, 7, 15_000
	total := int64(commits * perCommit)
	for left := range commits { // up to the end of the minute
		last := minute.Add(time.Minute - step - time.Duration((commits-1-left)*perCommit)*step)
		write(t, w, run(s, perCommit, last, step)...)
	}
	_, err := w.Maintain(ctx)
	want(t, err, context.Canceled)
	cut := watermark(t, path, "1m")
	if !cut.After(minute) || !cut.Before(minute.Add(time.Minute)) {
		t.Fatalf("the watermark is %s, want it in the minute of %s", cut, minute)
	}
	if rolledUp := filetest.Int(t, path, "SELECT sum(count) FROM rollups"); rolledUp != 100_000 {
		t.Errorf("%d samples rolled up before the cut, want 100,000", rolledUp)
	}

	h := history(t, path)
	checkCounts(t, h, minute, total)
	for _, at := range []time.Time{cut.Add(-time.Microsecond), cut.Add(time.Microsecond),
		cut.Add(-3 * time.Microsecond)} {
		write(t, w, service.Sample{Series: s, Time: at, Value: 1000})
		total++
	}
	checkCounts(t, h, minute, total)
	if late := w.Status().Late; late != 2 {
		t.Errorf("%d samples were late, want those before the cut", late)
	}
	if _, err := w.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, h, minute, total)
	got := filetest.Query(t, path,
		"SELECT granularity, ts, count, max FROM rollups ORDER BY granularity DESC")
	if diff := cmp.Diff([][]any{{"1m", minute.UnixMicro(), total, 1000.0}}, got); diff != "" {
		t.Errorf("rollups (-want +got):\n%s", diff)
	}
}

// checkCounts wants the samples of a minute to be in one point of a minute or coarser, and each in
// one point anyway.
func checkCounts(t *testing.T, h *service.History, minute time.Time, want int64) {
	t.Helper()
	for _, step := range []time.Duration{0, time.Minute, 90 * time.Second, time.Hour} {
		query := service.Query{From: minute, Until: minute.Add(time.Minute), Step: step}
		var points, count int64
		for point, err := range h.Range(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			points++
			count += point.Count
		}
		if count != want || step >= time.Minute && points != 1 {
			t.Errorf("step %s: %d samples in %d points, want %d", step, count, points, want)
		}
		summaries, err := h.Summarize(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if len(summaries) != 1 || summaries[0].Count != want {
			t.Errorf("step %s: summaries %+v, want one of %d samples", step, summaries, want)
		}
	}
}
