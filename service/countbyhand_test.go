package service_test

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A count that somebody has written by hand, and that no bucket can have, leaves its bucket out.
// Samples that join the bucket fail no commit, roll-ups go on, and quantiles of the others are
// answered.
func TestCountsByHandThatCannotBe(t *testing.T) {
	for _, count := range []string{
		"9223372036854775807", "1152921504606846975", "1099511627777", "0", "-1",
	} {
		t.Run(count, func(t *testing.T) {
			path := filetest.Path(t)
			now := time.Now().Truncate(time.Hour)
			begin := now.Add(-time.Hour)
			options := quiet()
			options.TrustClock, options.Now = true, func() time.Time { return now }
			w := open(t, service.Config{DBPath: path}, options)
			state := series(t, w, service.State, "cable", nil)
			half := begin.Add(30*time.Minute - time.Second)
			now = half.Add(30 * time.Second)
			write(t, w, run(rtt(t, w), 30*60, half, time.Second)...)
			write(t, w, run(state, 30*60, half, time.Second)...)
			maintain(t, w)
			filetest.Exec(t, path, `UPDATE rollups
				SET count = `+count+`
				WHERE granularity = '1m' AND ts < 60000000 * 3 + (SELECT min(ts) FROM rollups);
				UPDATE sketches SET sketch = x'00a402fcffffffffffffff3f'
				WHERE id IN (SELECT id FROM sketches ORDER BY id LIMIT 3)`)
			filetest.Exec(t, path, `UPDATE state_rollups SET count = `+count+`, total = `+count+`
				WHERE granularity = '1m' AND ts < 60000000 * 3 + (SELECT min(ts) FROM state_rollups)`)

			late := begin.Add(time.Minute + 500*time.Millisecond)
			write(t, w, service.Sample{Series: rtt(t, w), Time: late, Value: 7},
				service.Sample{Series: state, Time: late, Value: 1})
			now = begin.Add(2 * time.Hour)
			maintain(t, w)
			query := service.Query{From: begin, Until: begin.Add(10 * time.Minute), Quantiles: true}
			list, err := history(t, path).Summarize(t.Context(), query)
			must(t, err)
			if len(list) != 2 {
				t.Fatalf("%d summaries, want 2", len(list))
			}
			if value, ok := list[0].Quantile(0.5); list[0].Count != 7*60 || !ok || value < 3 || value > 5 {
				t.Errorf("%d samples with a median of %v, want those of seven minutes", list[0].Count, value)
			}
		})
	}
}
