// Package bench measures what the project promises about speed: recording, committing, thinning
// out, reading and the bytes that all these write. `make bench` runs it; docs/BENCHMARKS.md has the
// figures, the machine and the date.
//
// Processor time is what counts, since other programs share the machine: a meter runs for the work
// alone, and not while its samples are made.
//
// What is compared with wanctl's original is measured in the same run, on a table of its layout:
// see original_test.go. Prometheus is beside it in tests/prometheus. turns.sh compares two commits.
package bench
