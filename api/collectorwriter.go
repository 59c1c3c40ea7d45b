package api

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wanstore/wanstore/service"
)

// The metrics of the store itself, named by https://prometheus.io/docs/practices/naming/
var (
	fileReadable  = describe("file_readable", "Whether the history file can be read: 0 no, 1 yes.")
	fileBytes     = describe("file_bytes", "Size of the history file without its WAL.")
	fileFreeBytes = describe("file_free_bytes",
		"Room inside the history file for what is recorded next.")
	walBytes     = describe("wal_bytes", "Size of the write-ahead log beside the history file.")
	seriesCount  = describe("series", "Series that the history file knows.")
	newestSample = describe("newest_sample_timestamp_seconds",
		"Time of the newest sample of all series.")

	queueDepth    = describe("queue_depth", "Samples that wait for their commit.")
	queueCapacity = describe("queue_capacity", "Samples that may wait for their commit.")

	samplesAccepted = describe("samples_accepted_total",
		"Samples that were committed, late ones among them.")
	samplesLate = describe("samples_late_total",
		"Samples that were merged into buckets that had been rolled up.")
	samplesDuplicate = describe("samples_duplicate_total", "Samples that were there already.")
	samplesDropped   = describe("samples_dropped_total", "Samples that were given up, by cause.",
		"cause")
	samplesRefused = describe("samples_refused_total", "Samples that could not be stored, by cause.",
		"cause")

	commits       = describe("commits_total", "Commits that succeeded.")
	commitsFailed = describe("commits_failed_total",
		"Commits that failed; their samples wait for the next one.")
	diskFull = describe("disk_full",
		"Whether the last commit, checkpoint or step of maintenance found no room: 0 no, 1 yes.")
	rowsTrimmed = describe("rows_trimmed_total",
		"Rows that the size cap has deleted before their age, by granularity.", "granularity")
	commitSeconds = describe("commit_duration_seconds", "Time that the commits took that succeeded.")

	quarantines = describe("quarantines_total",
		"Damaged files that were moved aside, recording went on in new ones.")

	unsoundRows = describe("unsound_rows",
		"Rows that are left out because they are not as they were written.",
		"table", "granularity")
	unmergedSamples = describe("unmerged_samples_total",
		"Samples that could not join a bucket, because that is damaged.")

	passes  = describe("maintenance_passes_total", "Passes of maintenance that ended.")
	passAge = describe("maintenance_age_seconds",
		"Time since a pass of maintenance last ended without error.")
	longestStep = describe("maintenance_longest_step_seconds",
		"Longest step of the last pass of maintenance.")

	lastError = describe("last_error_timestamp_seconds",
		"When a commit or a step of maintenance last failed, and why: busy, disk_full, damaged or other.",
		"cause")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(ownPrefix+name, help, labels, nil)
}

// send sends a gauge.
func send(
	metrics chan<- prometheus.Metric, desc *prometheus.Desc, value float64, labels ...string,
) {
	metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// count sends a counter.
func count(metrics chan<- prometheus.Metric, desc *prometheus.Desc, value int64, labels ...string) {
	metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
}

// collectWriter sends what a writer says of itself. What has not happened yet is left out where
// zero would be misread.
func collectWriter(metrics chan<- prometheus.Metric, status service.WriterStatus) {
	send(metrics, queueDepth, float64(status.QueueDepth))
	send(metrics, queueCapacity, float64(status.QueueCapacity))
	count(metrics, samplesAccepted, status.Accepted)
	count(metrics, samplesLate, status.Late)
	count(metrics, samplesDuplicate, status.Duplicate)
	count(metrics, samplesDropped, status.Dropped.QueueFull, "queue_full")
	count(metrics, samplesDropped, status.Dropped.Closed, "closed")
	count(metrics, samplesRefused, status.Refused.Value, "value")
	count(metrics, samplesRefused, status.Refused.Ahead, "ahead")
	count(metrics, samplesRefused, status.Refused.TooOld, "too_old")
	count(metrics, samplesRefused, status.Refused.Aggregation, "aggregation")
	count(metrics, samplesRefused, status.Refused.Series, "series")
	count(metrics, samplesRefused, status.Refused.TooMany, "too_many_series")
	count(metrics, samplesRefused, status.Refused.Damaged, "series_damaged")
	count(metrics, commits, status.Commits)
	count(metrics, commitsFailed, status.FailedCommits)
	send(metrics, diskFull, oneIf(status.DiskFull))
	for granularity, rows := range status.Trimmed {
		count(metrics, rowsTrimmed, rows, service.Granularity(granularity).String())
	}
	metrics <- commitHistogram(status)
	count(metrics, quarantines, status.Quarantines)
	count(metrics, unmergedSamples, status.Unmerged)
	count(metrics, passes, status.Passes)
	if !status.Maintained.IsZero() {
		send(metrics, passAge, time.Since(status.Maintained).Seconds())
	}
	if status.Passes > 0 {
		send(metrics, longestStep, status.LastPass.LongestStep.Seconds())
	}
	if status.LastError != nil {
		send(metrics, lastError, float64(status.LastErrorAt.UnixMilli())/1e3, causeOf(status.LastError))
	}
}

// commitHistogram adds the counts up: a bucket of Prometheus holds all that is shorter, too.
func commitHistogram(status service.WriterStatus) prometheus.Metric {
	buckets := make(map[float64]uint64, len(status.CommitTimes.Bounds))
	var below uint64
	for i, bound := range status.CommitTimes.Bounds {
		below += uint64(status.CommitTimes.Counts[i])
		buckets[bound.Seconds()] = below
	}
	return prometheus.MustNewConstHistogram(commitSeconds, uint64(status.Commits),
		status.CommitTime.Seconds(), buckets)
}

// causeOf names the kind of an error: its text, of which there may be any number, makes no label.
func causeOf(err error) string {
	switch {
	case errors.Is(err, service.ErrBusy):
		return "busy"
	case errors.Is(err, service.ErrDiskFull):
		return "disk_full"
	case errors.Is(err, service.ErrOtherName):
		return "other_name"
	case errors.Is(err, service.ErrMountGone):
		return "mount_gone"
	case errors.Is(err, service.ErrDamaged):
		return "damaged"
	default:
		return "other"
	}
}
