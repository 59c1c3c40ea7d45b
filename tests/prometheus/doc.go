// Package prometheus appends the loads of tests/bench to Prometheus's TSDB, as a measure for them:
// one commit a second, with and without compression of its WAL. `make bench-prometheus` runs it;
// docs/BENCHMARKS.md has the figures.
//
// It is a module of its own, so that nobody who uses wanstore gets Prometheus with it, and shares
// no code with tests/bench: what is there must not wait for the modules that Prometheus needs.
package prometheus
