package repo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A sound bucket of states counts, although the one before it, which an earlier step has rolled up, is damaged.
func TestSoundStatesBehindDamagedOnes(t *testing.T) {
	path := filetest.Path(t)
	w, s := open(t, path), newSeries("state")
	s.Aggregation = repo.Mode
	hour := start.AlignDown(time.Hour)
	for i := range 11 {
		for k := range 4 {
			at := hour.Add(time.Duration(i)*time.Minute + time.Duration(k)*time.Second)
			add(t, w, repo.Sample{Series: s, TS: at, Value: 1})
		}
	}
	rollUp(t, w, repo.Minute, hour.Add(5*time.Minute), 0)
	rollUp(t, w, repo.FiveMinutes, hour.Add(5*time.Minute), 0)
	filetest.Exec(t, path, fmt.Sprintf("UPDATE state_rollups SET count = 77, chk = chk + 1 WHERE granularity = '1m' AND ts = %d",
		hour.Add(4*time.Minute)))
	rollUp(t, w, repo.Minute, hour.Add(10*time.Minute), 0)
	rollUp(t, w, repo.FiveMinutes, hour.Add(10*time.Minute), 0)
	const counted = "SELECT sum(count) FROM state_rollups WHERE granularity = '5m' AND ts = %d"
	if n := filetest.Int(t, path, fmt.Sprintf(counted, hour.Add(5*time.Minute))); n != 20 {
		t.Errorf("%d samples in the second five minutes, want 20", n)
	}
}
