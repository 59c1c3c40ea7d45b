package push

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// A receiver takes a message without samples: by that a sender of which nothing was taken yet knows
// that a 400 is meant for its samples.
func TestNothingIsTaken(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{victoriaMetrics, oldPrometheus} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			start(t, k).takes(t, http.StatusNoContent)
		})
	}
}

// What is too old for Prometheus, which answers 400 without a window and 500 with one, is parked,
// and all else arrives.
func TestTooOld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		receiver kind
		order    string
		age      time.Duration // of what is too old
	}{
		{oldPrometheus, "oldest-first", 6 * time.Hour},
		{windowPrometheus, "newest-first", 15 * 24 * time.Hour},
	} {
		t.Run(c.receiver.name, func(t *testing.T) {
			t.Parallel()
			random, until := filetest.Random(t), closed()
			old := lived(random, until.Add(-c.age), until.Add(time.Hour-c.age))
			recent := lived(random, until.Add(-40*time.Minute), until)
			db := filetest.Path(t)
			record(t, db, slices.Concat(old, recent))
			r := start(t, c.receiver)
			r.takes(t, http.StatusNoContent, named("other", point{ago()(0), 1}))
			s := send(t, r, db, "--order", c.order)
			r.has(wanted(recent), enough)
			want := int64(size(wanted(old)))
			var last state
			if !within(enough, func() bool {
				last, _ = s.status()
				return last.BacklogSamples == 0 && last.Parked == want
			}) {
				t.Errorf("%d samples parked, want %d; backlog %d", last.Parked, want, last.BacklogSamples)
			}
			s.stop()
		})
	}
}
