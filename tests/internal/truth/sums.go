package truth

import (
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Sums looks at a file behind the program's back: what the rows of each tier come to, from its
// floor to its watermark. That is much cheaper than CheckTiers.
type Sums struct {
	pool   *sql.DB
	tiers  *sql.Stmt
	totals *sql.Stmt
}

// totalsQuery adds up every tier, series by series. Of states each is by itself.
const totalsQuery = `
SELECT t.granularity, s.metric_name, s.wan_name, s.labels, 0,
  count(*), sum(r.value), min(r.value), max(r.value)
FROM tiers AS t, series AS s, ` + filetest.RawSamples + ` AS r
WHERE t.granularity = 'raw' AND r.ts >= t.floor AND s.id = r.series_id
GROUP BY t.granularity, s.id
UNION ALL
SELECT t.granularity, s.metric_name, s.wan_name, s.labels, 0,
  sum(r.count), sum(r.sum), min(r.min), max(r.max)
FROM tiers AS t, series AS s, rollups AS r
WHERE r.granularity = t.granularity AND r.series_id = s.id
  AND r.ts >= t.floor AND r.ts < t.watermark
GROUP BY t.granularity, s.id
UNION ALL
SELECT t.granularity, s.metric_name, s.wan_name, s.labels, r.value,
  sum(r.count), sum(r.count * r.value), min(r.value), max(r.value)
FROM tiers AS t, series AS s, state_rollups AS r
WHERE r.granularity = t.granularity AND r.series_id = s.id
  AND r.ts >= t.floor AND r.ts < t.watermark
GROUP BY t.granularity, s.id, r.value`

// OpenSums opens the file at path.
func OpenSums(tb testing.TB, path string) *Sums {
	tb.Helper()
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=ro"}
	pool, err := driver.Open(name.String())
	if err != nil {
		tb.Fatal(err)
	}
	s := &Sums{pool: pool}
	s.tiers, err = pool.PrepareContext(tb.Context(), "SELECT granularity, floor, watermark FROM tiers")
	if err == nil {
		s.totals, err = pool.PrepareContext(tb.Context(), totalsQuery)
	}
	if err != nil {
		tb.Fatal(errors.Join(err, pool.Close()))
	}
	return s
}

// Close closes the file.
func (s *Sums) Close() error {
	return errors.Join(s.tiers.Close(), s.totals.Close(), s.pool.Close())
}

// sumKey is one series in one tier, or one of its states.
type sumKey struct {
	Granularity string
	Series      Series
	State       float64 // of modes above raw
}

// Check compares counts, sums (and thereby averages), minima and maxima of every tier and series
// with the truth. Nothing may write to the file meanwhile.
func (s *Sums) Check(tb testing.TB, t *Truth) {
	tb.Helper()
	got, err := s.read(tb)
	if err != nil {
		tb.Fatal(err)
	}
	want, err := s.want(tb, t)
	if err != nil {
		tb.Fatal(err)
	}
	if !maps.EqualFunc(want, got, bucket.equal) {
		diff := cmp.Diff(want, got, equateFloats, cmp.AllowUnexported(bucket{}))
		tb.Errorf("sums of the tiers (-want +got):\n%s", clip(diff))
	}
}

func (b bucket) equal(other bucket) bool {
	return b.count == other.count && b.min == other.min && b.max == other.max && near(b.sum, other.sum)
}

func (s *Sums) read(tb testing.TB) (map[sumKey]bucket, error) {
	tb.Helper()
	rows, err := s.totals.QueryContext(tb.Context())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[sumKey]bucket{}
	for rows.Next() {
		var key sumKey
		var b bucket
		var text string
		if err := rows.Scan(
			&key.Granularity, &key.Series.Metric, &key.Series.WAN, &text, &key.State, &b.count, &b.sum,
			&b.min, &b.max,
		); err != nil {
			return nil, err
		}
		var labels service.Labels
		if err := json.Unmarshal([]byte(text), &labels); err != nil {
			return nil, err
		}
		key.Series = SeriesOf(key.Series.Metric, key.Series.WAN, labels)
		list[key] = b
	}
	return list, rows.Err()
}

func (s *Sums) want(tb testing.TB, t *Truth) (map[sumKey]bucket, error) {
	tb.Helper()
	rows, err := s.tiers.QueryContext(tb.Context())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[sumKey]bucket{}
	for rows.Next() {
		var name string
		var floor, watermark int64
		if err := rows.Scan(&name, &floor, &watermark); err != nil {
			return nil, err
		}
		g, err := service.ParseGranularity(name)
		if err != nil {
			return nil, err
		}
		if g == service.Raw {
			watermark = forever.UnixMicro()
		}
		t.sums(list, g, floor, watermark)
	}
	return list, rows.Err()
}

// sums adds what a tier has to come to.
func (t *Truth) sums(list map[sumKey]bucket, g service.Granularity, from, until int64) {
	for key, history := range t.series {
		b := total(history.between(widest(g, from, until), from, until))
		states := b.states
		b.states = nil
		switch {
		case b.count == 0:
		case !history.mode || g == service.Raw:
			list[sumKey{g.String(), key, 0}] = b
		default:
			for state, count := range states {
				list[sumKey{g.String(), key, state}] = bucket{count: count, sum: state * float64(count),
					min: state, max: state}
			}
		}
	}
}

// widest is the width of the fewest buckets that make up a span.
func widest(g service.Granularity, from, until int64) time.Duration {
	for _, width := range []time.Duration{time.Hour, 5 * time.Minute, time.Minute} {
		if step := width.Microseconds(); from%step == 0 && until%step == 0 {
			return width
		}
	}
	return g.Bucket()
}
