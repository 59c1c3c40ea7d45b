// Package bench measures what the project promises about speed: recording, committing, thinning out, reading and the
// bytes that all of it writes. `make bench` runs it; docs/BENCHMARKS.md has the figures, the machine and the date.
//
// What is compared with wanctl's original is measured in the same run, on a table of its layout: see original_test.go.
package bench
