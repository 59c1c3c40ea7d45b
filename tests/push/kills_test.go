package push

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// A receiver, a sender or both are killed at random while a day's backlog is sent: every bucket
// arrives, each once.
func TestKills(t *testing.T) {
	t.Parallel()
	// A life that is shorter than what a sender takes back brings nothing that stays.
	kills, between, whole := 3, 4*time.Second, 12*time.Second
	if filetest.Soak() {
		kills, between, whole = 20, 40*time.Second, 200*time.Second
	}
	for _, victim := range []string{"receiver", "sender", "both"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			random := filetest.Random(t)
			until := closed()
			list := lived(random, until.Add(-24*time.Hour), until)
			want := wanted(list)
			db := filetest.Path(t)
			record(t, db, list)
			r := start(t, victoriaMetrics, dedup)
			pace := float64(size(want)) / whole.Seconds()
			s := send(t, r, db, "--replay-rate", strconv.Itoa(int(pace)))
			for range kills {
				wait(t, random, 2*between)
				if victim != "sender" {
					r.kill()
				}
				if victim != "receiver" {
					s.kill()
				}
				wait(t, random, 2*time.Second)
				if victim != "sender" {
					r.restart()
				}
				if victim != "receiver" {
					s.start()
				}
			}
			s.done()
			r.has(want, enough) // no audit is needed
			s.stop()
			s = sendByClock(t, r, db, 0)
			s.done()
			s.setAhead(2 * time.Hour)
			s.audited()
			r.has(want, enough)
			last, _ := s.status()
			t.Logf("of %d points %d were sent again, of them %d because an audit missed them",
				size(want), last.Resent, last.Audit.Missing)
			s.stop()
		})
	}
}

// A receiver that is killed while nothing is left to be sent, and is back before anything is, gets
// again what it has lost.
func TestKilledWhileIdle(t *testing.T) {
	t.Parallel()
	until := closed()
	list := lived(filetest.Random(t), until.Add(-time.Hour), until)
	db := filetest.Path(t)
	record(t, db, list)
	r := start(t, victoriaMetrics, dedup)
	s := send(t, r, db)
	for range 3 {
		s.done()
		s.since = time.Now()
		r.kill()
		r.restart()
		r.has(wanted(list), enough)
	}
	s.stop()
}

// wait waits for up to a time.
func wait(t *testing.T, random *rand.Rand, most time.Duration) {
	t.Helper()
	select {
	case <-time.After(time.Duration(random.Int64N(int64(most)))):
	case <-t.Context().Done():
	}
}
