package property

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// near lets sums be rounded differently in another order of their terms.
var near = cmpopts.EquateApprox(1e-9, 1e-7)

// check compares everything in the file with the oracle.
func (m *machine) check(t *rapid.T) {
	m.checkCounters(t)
	if !m.dirty {
		return
	}
	m.dirty = false
	m.checkTiers(t)
	m.names = m.seriesNames(t)
	m.checkSamples(t)
	for g := oneMinute; g <= oneHour; g++ {
		m.checkBuckets(t, g)
		m.checkStates(t, g)
	}
	m.checkLatest(t)
	m.checkStatus(t)
}

func (m *machine) rows(t *rapid.T, statement string, args ...any) [][]any {
	t.Helper()
	rows, err := m.view.Rows(statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return rows
}

func (m *machine) readTiers(t *rapid.T) [tierCount]tier {
	t.Helper()
	var tiers [tierCount]tier
	for _, row := range m.rows(t, "SELECT granularity, floor, watermark, keep FROM tiers") {
		g := slices.Index(names[:], row[0].(string))
		tiers[g] = tier{floor: micros(row[1].(int64)), watermark: micros(row[2].(int64)),
			keep: micros(row[3].(int64))}
	}
	return tiers
}

// checkTiers holds the tiers against those of the oracle, and against the rules.
func (m *machine) checkTiers(t *rapid.T) {
	t.Helper()
	tiers := m.readTiers(t)
	if diff := cmp.Diff(m.oracle.tiers, tiers, cmp.AllowUnexported(tier{})); diff != "" {
		t.Fatalf("tiers (-want +got):\n%s", diff)
	}
	for g := range oneHour {
		this, next := tiers[g], tiers[g+1]
		if this.floor%widths[g+1] != 0 {
			t.Fatalf("the floor %d of %s is inside of a bucket of %s", this.floor, names[g], names[g+1])
		}
		if this.floor > next.watermark {
			t.Fatalf("the floor %d of %s is past the watermark %d of %s", this.floor, names[g],
				next.watermark, names[g+1])
		}
		if g > raw && (next.watermark > this.watermark || next.watermark%widths[g] != 0) {
			t.Fatalf("the watermark %d of %s is not a multiple of %s's bucket up to %d", next.watermark,
				names[g+1], names[g], this.watermark)
		}
	}
}

// seriesNames returns what the file calls each series id.
func (m *machine) seriesNames(t *rapid.T) map[int64]string {
	t.Helper()
	list := map[int64]string{}
	for _, row := range m.rows(t, "SELECT id, metric_name, wan_name, labels FROM series") {
		list[row[0].(int64)] = fmt.Sprintf("%s %s %s", row[1], row[2], row[3])
	}
	return list
}

type rowAt struct {
	Series string
	TS     micros
	State  float64
}

type rowOf struct {
	Count         int64
	Sum, Min, Max float64
	Sketch        string
}

func (m *machine) checkSamples(t *rapid.T) {
	t.Helper()
	want := map[rowAt]float64{}
	for at, b := range m.oracle.buckets(raw) {
		want[rowAt{Series: world[at.series].String(), TS: at.ts}] = b.sum
		if b.count != 1 {
			t.Fatalf("the oracle has %d samples at %+v", b.count, at)
		}
	}
	floor := int64(m.oracle.tiers[raw].floor)
	if len(want) > 2000 { // after a burst, reading all of them each time takes too long
		rows := m.rows(t,
			"SELECT count(*), total(value), min(ts), max(ts) FROM "+filetest.RawSamples+" WHERE ts >= ?",
			floor)
		if diff := cmp.Diff(totals(want), rows, near); diff != "" {
			t.Fatalf("totals of raw samples (-want +got):\n%s", diff)
		}
		return
	}
	got := map[rowAt]float64{}
	for _, row := range m.rows(t,
		"SELECT series_id, ts, value FROM "+filetest.RawSamples+" WHERE ts >= ?", floor) {
		got[rowAt{Series: m.names[row[0].(int64)], TS: micros(row[1].(int64))}] = row[2].(float64)
	}
	if !maps.Equal(want, got) { // a look before the diff, which is slow with many
		t.Fatalf("raw samples (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func totals(samples map[rowAt]float64) [][]any {
	var sum float64
	first, last := micros(math.MaxInt64), micros(0)
	for at, value := range samples {
		sum += value
		first, last = min(first, at.TS), max(last, at.TS)
	}
	return [][]any{{int64(len(samples)), sum, int64(first), int64(last)}}
}

// sketched has the buckets, also those that wait to be deleted, each with its sketch.
const sketched = `
	SELECT r.granularity, r.series_id, r.ts, r.count, r.sum, r.min, r.max, k.id, k.sketch
	FROM rollups AS r
	LEFT JOIN sketches AS k ON k.id = r.series_id * 10000000000 + r.ts / 60000000
		+ CASE r.granularity WHEN '1m' THEN 1 WHEN '5m' THEN 2 WHEN '1h' THEN 3 END * 1000000000`

func (m *machine) checkBuckets(t *rapid.T, g int) {
	t.Helper()
	for _, row := range m.rows(t, "SELECT id FROM sketches EXCEPT SELECT id FROM ("+sketched+")") {
		t.Fatalf("no bucket has the sketch %d", row[0])
	}
	got := map[rowAt]rowOf{}
	for _, row := range m.rows(t,
		"SELECT series_id, ts, count, sum, min, max, sketch FROM ("+sketched+") "+
			"WHERE granularity = ? AND ts >= ?",
		names[g], int64(m.oracle.tiers[g].floor)) {
		sketch, _ := row[6].([]byte)
		got[rowAt{Series: m.names[row[0].(int64)], TS: micros(row[1].(int64))}] = rowOf{
			Count: row[2].(int64), Sum: row[3].(float64), Min: row[4].(float64), Max: row[5].(float64),
			Sketch: string(sketch),
		}
	}
	want := map[rowAt]rowOf{}
	for at, b := range m.oracle.buckets(g) {
		if one := world[at.series]; !one.mode {
			want[rowAt{Series: one.String(), TS: at.ts}] = rowOf{
				Count: b.count, Sum: b.sum, Min: b.min, Max: b.max, Sketch: string(b.sketch().Append(nil)),
			}
		}
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Fatalf("buckets of %s (-want +got):\n%s", names[g], diff)
	}
	for at, row := range got {
		if want[at].Min != row.Min || want[at].Max != row.Max {
			t.Fatalf("bucket %v of %s has min %v and max %v, want exactly %v and %v",
				at, names[g], row.Min, row.Max, want[at].Min, want[at].Max)
		}
	}
}

func (m *machine) checkStates(t *rapid.T, g int) {
	t.Helper()
	got := map[rowAt]int64{}
	for _, row := range m.rows(t,
		"SELECT series_id, ts, value, count FROM state_rollups WHERE granularity = ? AND ts >= ?",
		names[g], int64(m.oracle.tiers[g].floor)) {
		got[rowAt{Series: m.names[row[0].(int64)], TS: micros(row[1].(int64)),
			State: row[2].(float64)}] = row[3].(int64)
	}
	want := map[rowAt]int64{}
	for at, b := range m.oracle.buckets(g) {
		one := world[at.series]
		if !one.mode {
			continue
		}
		for state, count := range b.states {
			want[rowAt{Series: one.String(), TS: at.ts, State: state}] = count
		}
	}
	if !maps.Equal(want, got) {
		t.Fatalf("states of %s (-want +got):\n%s", names[g], cmp.Diff(want, got))
	}
	wrong := m.rows(t, `
		SELECT ts, sum(count), sum(total), sum(total <> 0), count(*) - count(chk)
		FROM state_rollups GROUP BY granularity, series_id, ts
		HAVING sum(count) <> sum(total) OR sum(total <> 0) <> 1 OR count(chk) < count(*)`)
	if len(wrong) > 0 {
		t.Fatalf("buckets of states whose total is wrong: %v", wrong)
	}
}

func (m *machine) checkLatest(t *rapid.T) {
	t.Helper()
	got, err := m.history.Latest(t.Context(), service.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.oracle.latest(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("latest (-want +got):\n%s", diff)
	}
}

func (m *machine) checkCounters(t *rapid.T) {
	t.Helper()
	status := m.writer.Status()
	got := counters{
		accepted: status.Accepted, late: status.Late, duplicate: status.Duplicate,
		value: status.Refused.Value, ahead: status.Refused.Ahead, tooOld: status.Refused.TooOld,
	}
	if diff := cmp.Diff(m.oracle.counters, got, cmp.AllowUnexported(counters{})); diff != "" {
		t.Fatalf("counters (-want +got):\n%s", diff)
	}
	if status.QueueDepth != len(m.oracle.pending) || status.LastError != nil {
		t.Fatalf("%d samples in the queue, want %d; last error %v", status.QueueDepth,
			len(m.oracle.pending), status.LastError)
	}
}

// checkSwept looks for rows that a whole pass should have deleted. Buckets are swept each time a
// floor has moved ten minutes.
func (m *machine) checkSwept(t *rapid.T) {
	t.Helper()
	for _, row := range m.rows(t, `
		SELECT 'raw', count(*) FROM raw_samples
		WHERE ts < (SELECT floor FROM tiers WHERE granularity = 'raw')
		UNION ALL SELECT 'raw', count(*) FROM raw_blocks
		WHERE last_ts < (SELECT floor FROM tiers WHERE granularity = 'raw')
		UNION ALL SELECT r.granularity, count(*) FROM rollups AS r
		JOIN tiers AS t USING (granularity) WHERE r.ts < t.floor - 600000000 GROUP BY 1
		UNION ALL SELECT r.granularity, count(*) FROM state_rollups AS r
		JOIN tiers AS t USING (granularity) WHERE r.ts < t.floor - 600000000 GROUP BY 1`) {
		if row[1].(int64) != 0 {
			t.Fatalf("after a whole pass %d rows of %s lie below its floor", row[1], row[0])
		}
	}
}

func (m *machine) dump(t *rapid.T) map[string][][]any {
	t.Helper()
	tables := map[string][][]any{}
	for _, table := range []string{"series", "raw_blocks", "raw_samples", "rollups", "state_rollups",
		"tiers"} {
		tables[table] = m.rows(t, "SELECT * FROM "+table+" ORDER BY 1, 2, 3")
	}
	return tables
}
