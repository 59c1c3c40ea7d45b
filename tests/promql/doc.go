// Package promql judges PromQL on a history by Prometheus itself: by the tests of its language, run
// on a file, and by its engine over the raw samples in its own TSDB, compared with answers from
// buckets.
//
// It is a module of its own, so that nobody who uses wanstore gets with it what these judges need.
package promql
