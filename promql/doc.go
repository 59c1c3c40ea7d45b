// Package promql answers PromQL from a history: Prometheus's own engine over the samples and
// buckets of one file. Over buckets the functions that aggregate a range are exact, since they are
// computed from the counts, sums, minima and maxima that buckets keep.
//
// Labels are those of a series, with the name of its WAN as the label wan.
package promql
