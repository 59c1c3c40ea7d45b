package api_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What a writer counts is what it shows.
func TestMetricsOfTheWriter(t *testing.T) {
	r := record(t, service.Config{QueueSize: 1000})
	r.fill(t)
	s := r.series(t, service.RTT, "cable", nil)
	now := time.Now()
	if err := r.writer.Write(t.Context(),
		service.Sample{Series: s, Time: now, Value: math.NaN()},
		service.Sample{Series: s, Time: now.Add(time.Hour), Value: 1},
		service.Sample{Time: now, Value: 1},
	); err == nil {
		t.Fatal("bad samples were taken")
	}
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	status := r.writer.Status()
	_, families := scrape(t, r.api)
	for name, want := range map[string]float64{
		"wanstore_queue_depth":                      0,
		"wanstore_queue_capacity":                   1000,
		"wanstore_samples_accepted_total":           12,
		"wanstore_samples_late_total":               0,
		"wanstore_samples_duplicate_total":          0,
		"wanstore_commits_total":                    float64(status.Commits),
		"wanstore_commits_failed_total":             0,
		"wanstore_maintenance_passes_total":         1,
		"wanstore_maintenance_longest_step_seconds": status.LastPass.LongestStep.Seconds(),
		"wanstore_file_readable":                    1,
		"wanstore_series":                           6,
	} {
		if got := valueOf(t, families, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if age := valueOf(t, families, "wanstore_maintenance_age_seconds"); age <= 0 || age > 600 {
		t.Errorf("maintenance is %v s old, want some seconds", age)
	}
	refused := map[string]float64{}
	for _, metric := range families["wanstore_samples_refused_total"].GetMetric() {
		refused[labelsOf(metric)["cause"]] = metric.GetCounter().GetValue()
	}
	want := map[string]float64{"value": 1, "ahead": 1, "series": 1, "too_old": 0, "aggregation": 0,
		"too_many_series": 0, "series_damaged": 0}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused by cause (-want +got):\n%s", diff)
	}
	if families["wanstore_last_error_timestamp_seconds"] != nil {
		t.Error("there is a last error, and nothing has failed")
	}
}

func TestCommitHistogram(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	status := r.writer.Status()
	_, families := scrape(t, r.api)
	histogram := families["wanstore_commit_duration_seconds"].GetMetric()[0].GetHistogram()
	if got := histogram.GetSampleCount(); got != uint64(status.Commits) || got == 0 {
		t.Errorf("%d commits in the histogram, want %d", got, status.Commits)
	}
	if got := histogram.GetSampleSum(); got != status.CommitTime.Seconds() {
		t.Errorf("they took %v s, want %v", got, status.CommitTime.Seconds())
	}
	buckets := histogram.GetBucket()
	for i, bucket := range buckets[1:] {
		if bucket.GetCumulativeCount() < buckets[i].GetCumulativeCount() ||
			bucket.GetUpperBound() <= buckets[i].GetUpperBound() {
			t.Errorf("bucket %v after %v: want more of both", bucket, buckets[i])
		}
	}
	last := buckets[len(buckets)-1]
	if !math.IsInf(last.GetUpperBound(), 1) || last.GetCumulativeCount() != uint64(status.Commits) {
		t.Errorf("the last bucket is %v, want all of %d up to +Inf", last, status.Commits)
	}
	for i, bound := range status.CommitTimes.Bounds {
		if got := buckets[i].GetUpperBound(); got != bound.Seconds() {
			t.Errorf("bucket %d ends at %v, want %v", i, got, bound.Seconds())
		}
	}
}

func TestMetricsOfALock(t *testing.T) {
	r := record(t, service.Config{})
	s := r.series(t, service.RTT, "cable", nil)
	release := filetest.Lock(t, r.path)
	err := r.writer.Write(t.Context(), service.Sample{Series: s, Time: time.Now(), Value: 1})
	release()
	if err == nil {
		t.Fatal("written behind the lock of another")
	}
	_, families := scrape(t, r.api)
	if got := valueOf(t, families, "wanstore_commits_failed_total"); got != 1 {
		t.Errorf("%v commits failed, want 1", got)
	}
	at := valueOf(t, families, "wanstore_last_error_timestamp_seconds")
	cause := labelsOf(families["wanstore_last_error_timestamp_seconds"].GetMetric()[0])["cause"]
	if since := float64(time.Now().Unix()) - at; since < -1 || since > 600 || cause != "busy" {
		t.Errorf("the last error was %q, %v s ago; want busy, just now", cause, since)
	}
}

// A process that only reads says nothing of a writer.
func TestMetricsWithoutAWriter(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	_, families := scrape(t, answering(t, api.Options{Path: r.path}))
	if diff := cmp.Diff(latest(t, r.path), shown(families)); diff != "" {
		t.Errorf("series (-file +shown):\n%s", diff)
	}
	var own []string
	for name := range families {
		if strings.HasPrefix(name, "wanstore_") {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	want := []string{
		"wanstore_build_info", "wanstore_file_bytes", "wanstore_file_free_bytes",
		"wanstore_file_readable",
		"wanstore_newest_sample_timestamp_seconds", "wanstore_series", "wanstore_wal_bytes",
	}
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("metrics of the store (-want +got):\n%s", diff)
	}
}
