package push

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wanstore/wanstore/service"
)

// The metrics of a sender, named by https://prometheus.io/docs/practices/naming/
var (
	backlogSeconds = describe("backlog_seconds",
		"Time from the oldest bucket that is due and has not been sent to the newest one.")
	sentTotal   = describe("sent_total", "Samples that the receiver has acknowledged.")
	resentTotal = describe("resent_total",
		"Samples that were sent again, or that came after their interval had been sent.")
	confirmedTotal = describe("confirmed_total", "Samples that an audit has found at the receiver.")
	parkedTotal    = describe("parked_total", "Samples that the receiver does not take.")
	expiredTotal   = describe("expired_total",
		"Buckets of time that the file has given up before they were sent.")
	lastSuccess = describe("last_success_timestamp_seconds",
		"When what was sent was last acknowledged.")
	refusedTotal = describe("refused_total",
		"Requests that were not acknowledged since the start, by cause.", "cause")
	auditDifferences = describe("audit_differences_total",
		"Samples that an audit has found missing, still missing after they were sent again, or doubled.",
		"kind")
	auditPossible = describe("audit_possible",
		"Whether the receiver can be asked what it has. Where it cannot, acknowledgements count.")
	lastAudited = describe("last_audit_timestamp_seconds", "When an audit last compared anything.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wanstore_push_"+name, help, append([]string{"url"}, labels...), nil)
}

// Collector collects what the sender does. It does no I/O.
func (s *Sender) Collector() prometheus.Collector { return collector{s} }

type collector struct{ sender *Sender }

// Describe says nothing, which tells a registry that the metrics are known only when they are asked
// for: several senders have the same ones.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the metrics.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	s := c.sender
	send := func(
		desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string,
	) {
		labels = append([]string{s.config.URL}, labels...)
		metrics <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	count := func(desc *prometheus.Desc, value int64, labels ...string) {
		send(desc, prometheus.CounterValue, float64(value), labels...)
	}
	moment := func(desc *prometheus.Desc, at time.Time) {
		if !at.IsZero() {
			send(desc, prometheus.GaugeValue, float64(at.UnixMilli())/1000)
		}
	}
	_, _, report := s.place.look()
	send(backlogSeconds, prometheus.GaugeValue, s.backlog().Seconds())
	count(sentTotal, report.Sent)
	count(resentTotal, report.Resent)
	count(confirmedTotal, report.Confirmed)
	count(parkedTotal, report.Parked)
	count(expiredTotal, report.Expired)
	moment(lastSuccess, report.LastSuccess)
	possible := 1.0
	if report.Audit.Unavailable != "" {
		possible = 0
	}
	send(auditPossible, prometheus.GaugeValue, possible)
	moment(lastAudited, report.Audit.At)
	count(auditDifferences, report.Audit.Missing, "missing")
	count(auditDifferences, report.Audit.Unrepaired, "unrepaired")
	count(auditDifferences, report.Audit.Doubled, "doubled")
	refused := s.troubles.refusals()
	for _, v := range []verdict{lost, busy, failing, rejected, barred, strange} {
		count(refusedTotal, refused[v], v.cause())
	}
}

// backlog is the time from the oldest bucket that is due to the newest one, 0 where all was sent.
func (s *Sender) backlog() time.Duration {
	ledger, begun, _ := s.place.look()
	if begun.Unix() <= 0 {
		return 0 // there is nothing yet
	}
	width := freshRaw
	if s.granularity != service.Raw {
		width = s.granularity.Bucket()
	}
	due := s.now().Add(-s.config.Settle).Truncate(width)
	oldest := s.place.oldest(due)
	if gaps := ledger.gaps(span{begun, due}); len(gaps) > 0 {
		oldest = earlier(oldest, gaps[0].from)
	}
	return due.Sub(oldest)
}
