package push

import (
	"os"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/tests/internal/procs"
)

// BenchmarkAudits sends some hours one after the other, as a sender in the steady state does, and
// has each audited twice: an hour later, and a day later. A sender looks at its clock once a
// minute, so this takes at least as many minutes as there are hours. What sending takes is measured
// by itself, of the first hour.
func BenchmarkAudits(b *testing.B) {
	const hours = 6
	until := closed()
	list := lived(filetest.Random(b), until.Add(-hours*time.Hour), until)
	want := wanted(list)
	kept := filetest.Path(b)
	record(b, kept, list)
	var spent time.Duration
	audits := int64(0)
	for b.Loop() {
		r := start(b, victoriaMetrics, dedup)
		s := sendByClock(b, r, copied(b, kept), -(hours-1)*time.Hour)
		before := time.Duration(0)
		for behind := hours - 1; behind >= 0; behind-- {
			ahead := -time.Duration(behind) * time.Hour
			s.setAhead(ahead)
			s.hasSent(older(want, time.Now().Add(ahead-2*time.Minute)))
			if before == 0 {
				before = procs.CPU(b, s.running.Process.Pid)
			}
		}
		s.setAhead(3 * time.Hour)
		s.audited()
		s.setAhead(30 * time.Hour)
		audits += s.auditedTimes(2 * hours)
		spent += procs.CPU(b, s.running.Process.Pid) - before
		s.stop()
		r.kill()
	}
	b.ReportMetric(1e3*spent.Seconds()/float64(audits), "cpu-ms/audit")
	b.ReportMetric(float64(audits)/float64(b.N), "audits")
	b.ReportMetric(0, "ns/op")
}

// hasSent waits until the sender has sent so many samples.
func (s *sender) hasSent(samples int) {
	s.t.Helper()
	var text string
	if !within(enough, func() bool {
		var now state
		now, text = s.status()
		return now.Sent >= int64(samples)
	}) {
		s.t.Fatalf("%d samples are not sent: %s", samples, text)
	}
}

// auditedTimes waits until there have been so many audits, and returns how many there were.
func (s *sender) auditedTimes(audits int64) int64 {
	s.t.Helper()
	var now state
	var text string
	if !within(2*enough, func() bool {
		now, text = s.status()
		return now.Audit.Audits >= audits
	}) {
		s.t.Fatalf("there are not %d audits: %s", audits, text)
	}
	return now.Audit.Audits
}

// older counts the points of before a moment.
func older(want map[string]map[int64]float64, until time.Time) (n int) {
	for _, points := range want {
		for ms := range points {
			if ms < until.UnixMilli() {
				n++
			}
		}
	}
	return n
}

// copied returns a copy of a history, which nobody has been sent yet.
func copied(b *testing.B, path string) string {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	copied := filetest.Path(b)
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return copied
}
