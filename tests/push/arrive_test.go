package push

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// enough is how long anything that these tests send may take to arrive.
const enough = 4 * time.Minute

// Every bucket of what was recorded of real lines arrives at every receiver, each once: counts are
// equal and values within 1e-9.
func TestEveryBucketArrives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		receiver kind
		flags    []string
	}{
		{victoriaMetrics, nil},
		{windowPrometheus, nil},
		{oldPrometheus, []string{"--order", "oldest-first"}},
	} {
		t.Run(c.receiver.name, func(t *testing.T) {
			t.Parallel()
			list := append(recording(t, "fjordlink_starlink.csv.gz", closed()),
				recording(t, "fjordlink_5g.csv.gz", closed())...)
			list = withStates(list)
			db := filetest.Path(t)
			record(t, db, list)
			r := start(t, c.receiver, dedupOf(c.receiver)...)
			s := send(t, r, db, c.flags...)
			r.has(wanted(list), enough)
			s.done()
			s.stop()
			last := slices.MaxFunc(list, func(a, b measurement) int {
				return cmp.Or(cmp.Compare(a.metric, b.metric), a.at.Compare(b.at))
			})
			r.checkQueries(last.at.Add(time.Minute)) // its metric is the state, of the line that has all
		})
	}
}

// What is imported later is sent, too, where it lies before or between what was sent.
func TestLateImport(t *testing.T) {
	t.Parallel()
	random, until := filetest.Random(t), closed()
	var parts [4][]measurement
	for i := range parts {
		from := until.Add(time.Duration(i-len(parts)) * 2 * time.Hour)
		parts[i] = lived(random, from, from.Add(2*time.Hour))
	}
	db, r := filetest.Path(t), start(t, victoriaMetrics, dedup)
	var list []measurement
	for _, i := range []int{1, 3, 0, 2} {
		list = append(list, parts[i]...)
		record(t, db, parts[i])
		s := send(t, r, db)
		r.has(wanted(list), enough)
		s.done()
		s.stop()
	}
}
