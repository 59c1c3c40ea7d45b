// Package push sends a history to a receiver of Prometheus remote write 1.0, such as
// VictoriaMetrics, and finds out whether everything arrived.
//
// A [Sender] sends each closed bucket once it has settled, the oldest first and, while there is a
// backlog, the newest before it. What was sent, and what the receiver was seen to have, is kept in
// the history file, so that an outage, a killed receiver and a killed sender lose nothing. An audit
// asks the receiver for what it has of each interval, an hour after it was sent and again a day
// later, and sends again what is missing.
//
// A sender reads the file through connections of its own, and writes to it through the goroutine of
// a [service.Writer]. It holds a few hundred kilobytes in memory, whatever the backlog.
package push
