package service_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func TestCommitTimes(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	s := rtt(t, w)
	for i := range 20 {
		write(t, w, numbered(s, i, i)...)
	}
	status := w.Status()
	times := status.CommitTimes
	var sum int64
	for _, count := range times.Counts {
		sum += count
	}
	if sum != status.Commits || sum != 20 {
		t.Errorf("%d commits in the histogram and %d in all, want 20", sum, status.Commits)
	}
	if len(times.Counts) != len(times.Bounds)+1 || !slices.IsSorted(times.Bounds) {
		t.Errorf("bounds %v and %d counts, want ascending ones and a count more than bounds",
			times.Bounds, len(times.Counts))
	}
	bucket, _ := slices.BinarySearch(times.Bounds, status.LongestCommit)
	if times.Counts[bucket] == 0 || slices.Max(times.Counts[bucket:]) != times.Counts[bucket] {
		t.Errorf("counts %v, want the longest commit of %s in bucket %d and none beyond", times.Counts,
			status.LongestCommit, bucket)
	}
}

// What a caller does to a status changes nothing for others.
func TestStatusIsACopy(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	write(t, w, numbered(rtt(t, w), 0, 0)...)
	before := w.Status()
	spoilt := w.Status()
	clear(spoilt.CommitTimes.Bounds)
	clear(spoilt.CommitTimes.Counts)
	if diff := cmp.Diff(before, w.Status()); diff != "" {
		t.Errorf("status (-before +after):\n%s", diff)
	}
}

func TestMetricsOfAWriter(t *testing.T) {
	options := quiet()
	modem := service.Metric{Name: "modem_online", Help: "Whether the modem has a line.",
		Aggregation: service.Mode}
	options.Metrics = []service.Metric{modem}
	w := open(t, service.Config{DBPath: filetest.Path(t)}, options)
	want := map[string]service.Metric{modem.Name: modem}
	for _, metric := range service.Metrics() {
		want[metric.Name] = metric
	}
	got := map[string]service.Metric{}
	for _, metric := range w.Metrics() {
		got[metric.Name] = metric
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want))[0], w.Metrics()[0].Name); diff != "" {
		t.Errorf("first name (-want +got):\n%s", diff)
	}
}

func TestSizeOfAFile(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	write(t, w, run(rtt(t, w), 1000, time.Now(), time.Second)...)
	h := history(t, path)
	size, err := h.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	status, err := h.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(status.FileSize, size); diff != "" {
		t.Errorf("size (-in the status +alone):\n%s", diff)
	}
	if size.FileBytes == 0 || size.WALBytes == 0 || size.Series != 1 {
		t.Errorf("%+v, want some bytes in the file and its WAL, and one series", size)
	}
}
