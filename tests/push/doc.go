// Package push judges the sender by real receivers: by VictoriaMetrics, built from its module as
// tools/victoriametrics pins it, and by the Prometheus of the system. They are started and killed
// here, on the loopback, and asked over HTTP what they have.
//
// It is a module of its own, so that nobody who uses wanstore gets with it what these judges need.
package push
