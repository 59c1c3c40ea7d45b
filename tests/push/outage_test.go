package push

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// After an outage of a day the newest bucket is there first, so that a dashboard is current, and
// then all others.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{victoriaMetrics, windowPrometheus} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			random := filetest.Random(t)
			until := closed()
			before := lived(random, until.Add(-30*time.Hour), until.Add(-24*time.Hour))
			during := lived(random, until.Add(-24*time.Hour), until)
			all := wanted(slices.Concat(before, during))
			db := filetest.Path(t)
			recordBy(t, db, before, until.Add(-24*time.Hour))
			r := start(t, k, dedupOf(k)...)
			s := send(t, r, db, "--replay-rate", strconv.Itoa(size(all)/20))
			r.has(wanted(before), enough)
			r.stop() // what a kill loses is the matter of TestKills
			recordBy(t, db, during, until)
			r.restart()
			newest := `wanctl_rtt_ms` + selector
			fresh := func() bool { return len(r.stored(newest, 10*time.Minute, time.Now())) > 0 }
			if !within(enough, fresh) {
				t.Error("the newest bucket does not arrive")
			}
			if d := compare(all, r.stored(selector, span, time.Now())); d.missing == 0 {
				t.Error("the newest bucket has not arrived before the others")
			}
			s.done()
			s.stop()
			r.has(all, enough)
		})
	}
}

// A receiver that is restored from a copy an hour old lacks what it had acknowledged long before.
// The audit finds that and sends it again. What was sent last is sent again without it, since the
// connection ends.
func TestReceiverIsRestored(t *testing.T) {
	t.Parallel()
	kinds := []kind{victoriaMetrics}
	if filetest.Soak() {
		kinds = append(kinds, windowPrometheus)
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			random := filetest.Random(t)
			until := closed()
			early := lived(random, until.Add(-12*time.Hour), until.Add(-2*time.Hour))
			late := lived(random, until.Add(-2*time.Hour), until.Add(-10*time.Minute))
			last := lived(random, until.Add(-10*time.Minute), until)
			all := wanted(slices.Concat(early, late, last))
			db, r := filetest.Path(t), start(t, k, dedupOf(k)...)
			recordBy(t, db, early, until.Add(-2*time.Hour))
			s := sendByClock(t, r, db, 0)
			r.has(wanted(early), enough)
			r.stop()
			copied := r.copyData()
			r.restart()
			s.setAhead(30 * time.Minute)
			recordBy(t, db, late, until.Add(-10*time.Minute))
			r.has(wanted(slices.Concat(early, late)), enough)
			s.setAhead(45 * time.Minute)
			record(t, db, last)
			r.has(all, enough)
			s.done()
			<-time.After(rewound) // else what was sent last is sent again before any audit
			r.kill()
			r.restore(copied)
			r.restart()
			s.setAhead(3 * time.Hour)
			if found := func() bool {
				now, _ := s.status()
				return now.Audit.Missing > 0
			}; !within(enough, found) {
				t.Error("the audit finds nothing missing")
			}
			r.has(all, enough)
			s.setAhead(30 * time.Hour) // all is audited again
			s.audited()
			s.stop()
		})
	}
}
