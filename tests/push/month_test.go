package push

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/tests/internal/procs"
)

// A backlog is sent much faster than it came: that of a month in the soak, of three days in the
// gate. What the sender needs for it is logged.
func TestMonth(t *testing.T) {
	days := 3
	if filetest.Soak() {
		days = 30
	} else {
		t.Parallel()
	}
	until := closed()
	list := lived(filetest.Random(t), until.AddDate(0, 0, -days), until)
	want := wanted(list)
	db := filetest.Path(t)
	record(t, db, list)
	r := start(t, victoriaMetrics, dedup)
	begun := time.Now()
	s := send(t, r, db)
	s.done()
	took := time.Since(begun)
	memory := procs.Peak(t, s.running.Process.Pid)
	ended := s.stop()
	t.Logf("%d samples of %d days are sent in %.1f s; the sender computes for %.1f s and has "+
		"%.0f MiB at the most", size(want), days, took.Seconds(),
		(ended.UserTime() + ended.SystemTime()).Seconds(), memory)
	r.has(want, enough)
}
