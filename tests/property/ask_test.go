package property

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/service"
)

var steps = []micros{
	0, 1, 7 * second, minute, 90 * second, 5 * minute, 7 * minute, 10 * minute, 90 * minute, hour,
	2 * hour, day, 7 * day, 10 * day,
}

// zones have days of 24 hours, of 23 to 25, and such as begin between two hours of UTC.
var zones = []*time.Location{time.UTC, zone("Europe/Berlin"), zone("Asia/Kathmandu")}

func zone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func (m *machine) drawQuestion(t *rapid.T) (question, service.Query) {
	from, until := m.drawRange(t)
	zone := zones[rapid.IntRange(0, len(zones)-1).Draw(t, "zone")]
	if rapid.IntRange(0, 3).Draw(t, "day") == 0 && from > 2*day {
		from = question{zone: zone, step: day}.days(from).from
	}
	q := question{from: from, until: until, zone: zone, only: every, series: []int{0, 1, 2, 3, 4}}
	query := service.Query{From: from.time(), Until: until.time(), Zone: zone}
	switch rapid.IntRange(0, 3).Draw(t, "filter") {
	case 0:
		q.series, query.Metrics = []int{2, 3, 4}, []string{service.State, "load_average"}
	case 1:
		q.series, query.WAN, query.Labels = []int{1}, "spectrum", service.Labels{"family": "4"}
	}
	return q, query
}

func (m *machine) drawRange(t *rapid.T) (from, until micros) {
	if rapid.Bool().Draw(t, "everything") {
		return 0, m.oracle.now + day
	}
	at := rapid.Custom(func(t *rapid.T) micros {
		if rapid.Bool().Draw(t, "edge") {
			return m.edge(t)
		}
		return m.lateTime(t)
	})
	a, b := at.Draw(t, "from"), at.Draw(t, "until")
	return min(a, b), max(a, b) + 1
}

func (m *machine) askRange(t *rapid.T) {
	q, query := m.drawQuestion(t)
	q.step = rapid.SampledFrom(steps).Draw(t, "step")
	if rapid.IntRange(0, 7).Draw(t, "months") == 0 {
		q.step, q.months = 0, rapid.SampledFrom([]int{1, 3, 12}).Draw(t, "of")
	}
	query.Step, query.Months = time.Duration(q.step)*time.Microsecond, q.months
	m.compare(t, q, query)
}

func (m *machine) askTier(t *rapid.T) {
	q, query := m.drawQuestion(t)
	q.only = rapid.IntRange(raw, oneHour).Draw(t, "granularity")
	only := service.Granularity(q.only)
	query.Only = &only
	m.compare(t, q, query)
}

func (m *machine) compare(t *rapid.T, q question, query service.Query) {
	t.Helper()
	query.Quantiles = rapid.Bool().Draw(t, "quantiles")
	var got []service.Point
	var distributions []*service.Distribution
	for point, err := range m.history.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		distributions = append(distributions, point.Distribution)
		point.Distribution = nil
		got = append(got, point)
	}
	want, made := m.oracle.points(q)
	if !reflect.DeepEqual(want, got) { // a look before the diff, which is slow with many
		if diff := gocmp.Diff(want, got, near, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("range of %+v (-want +got):\n%s", q, diff)
		}
	}
	for i, point := range got {
		exact := point.Granularity == service.Raw
		checkQuantiles(t, query, point.Aggregation, distributions[i], made[i], exact)
	}
	m.compareSummaries(t, q, query)
	m.checkComplete(t, q, got)
	m.checkWide(t, q, got)
	query.Quantiles = false
	m.turnPages(t, query, got)
}

func (m *machine) compareSummaries(t *rapid.T, q question, query service.Query) {
	t.Helper()
	got, err := m.history.Summarize(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	want, made := m.oracle.summaries(q)
	var distributions []*service.Distribution
	for i := range got {
		distributions = append(distributions, got[i].Distribution)
		got[i].Distribution = nil
	}
	if diff := gocmp.Diff(want, got, near, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("summary of %+v (-want +got):\n%s", q, diff)
	}
	for i := range got {
		checkQuantiles(t, query, got[i].Aggregation, distributions[i], made[i], false)
	}
}

// checkQuantiles wants every quantile of measurements, whatever tiers they come from, within the
// documented bound of the exact one.
func checkQuantiles(
	t *rapid.T, query service.Query, aggregation service.Aggregation, got *service.Distribution,
	want *bucket, exact bool,
) {
	t.Helper()
	if wanted := query.Quantiles && aggregation == service.Average; (got != nil) != wanted {
		t.Fatalf("distribution %v of %+v, want one: %v", got, query, wanted)
	}
	if got == nil {
		return
	}
	bound := got.Error()
	if exact && bound != 0 {
		t.Fatalf("error %v of raw samples", bound)
	}
	for _, q := range []float64{0, 0.1, 0.5, 0.95, 0.99, 1} {
		want := want.quantile(q)
		if is := got.Quantile(q); math.Abs(is-want) > bound*math.Abs(want)*(1+1e-9) {
			t.Fatalf("quantile %v of %+v is %v, want %v within %v", q, query, is, want, bound)
		}
	}
}

// turnPages asks for the same points page by page, against the order of time or along it, and shows
// each end of the range that a page gives to the next one.
func (m *machine) turnPages(t *rapid.T, query service.Query, want []service.Point) {
	t.Helper()
	query.NewestFirst = rapid.Bool().Draw(t, "newest first")
	limit := rapid.IntRange(1, 2*len(want)+1).Draw(t, "limit")
	var got []service.Point
	for {
		page, err := m.history.Page(t.Context(), query, limit, len(got))
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != int64(len(want)) {
			t.Fatalf("total %d of %+v after %d, want %d", page.Total, query, len(got), len(want))
		}
		if page.Until.After(query.Until) {
			t.Fatalf("page until %s of %+v", page.Until, query)
		}
		query.Until = page.Until
		got = append(got, page.Points...)
		if len(page.Points) < limit {
			break
		}
	}
	if query.NewestFirst {
		turnAround(t, got)
	}
	if diff := gocmp.Diff(want, got, near, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("pages of %d of %+v (-want +got):\n%s", limit, query, diff)
	}
}

// turnAround brings points that are newest first into the order of time; those of one moment are in
// their order already.
func turnAround(t *rapid.T, points []service.Point) {
	t.Helper()
	if !slices.IsSortedFunc(points, func(a, b service.Point) int { return b.Time.Compare(a.Time) }) {
		t.Fatal("points are not newest first")
	}
	slices.SortStableFunc(points, func(a, b service.Point) int { return a.Time.Compare(b.Time) })
}

// checkComplete counts: over all of time, every accepted sample above the lowest floor is in
// exactly one point.
func (m *machine) checkComplete(t *rapid.T, q question, points []service.Point) {
	t.Helper()
	if q.only != every || q.from > 0 || q.until <= m.oracle.now+minute {
		return
	}
	var got, want int64
	for _, point := range points {
		got += point.Count
	}
	for _, s := range m.oracle.accepted {
		if s.ts >= m.oracle.lowestFloor() && slices.Contains(q.series, s.series) {
			want++
		}
	}
	if got != want {
		t.Fatalf("%d samples in all points of %+v, want %d", got, q, want)
	}
}

// checkWide wants points that follow one another and are no narrower than was asked for.
func (m *machine) checkWide(t *rapid.T, q question, points []service.Point) {
	t.Helper()
	step := time.Duration(q.step) * time.Microsecond
	if q.step%day == 0 {
		step -= time.Hour // the clocks may go forward
	}
	ends := map[int64]time.Time{}
	for _, p := range points {
		if p.Width < step || p.Time.Before(ends[p.SeriesID]) {
			t.Fatalf("point of %s, %s wide, after one until %s, of %+v", p.Time, p.Width, ends[p.SeriesID],
				q)
		}
		ends[p.SeriesID] = p.Time.Add(p.Width)
	}
}

// shown is a row of the view that other programs read.
type shown struct {
	ID                              int64
	Timestamp                       int64
	Metric, WAN, Labels, Granularty string
	Value                           float64
	Count                           int64
}

// askView compares the view metrics with a range without a step: every moment once, at the finest
// granularity left.
func (m *machine) askView(t *rapid.T) {
	if m.oracle.now > endOfIDs-40*day {
		t.Skip("the view has no ids then")
	}
	var got, want []shown
	for _, row := range m.rows(t, `SELECT id, timestamp, metric_name, wan_name,
		coalesce(labels, '{}'), granularity, value, count FROM metrics`) {
		got = append(got, shown{
			ID: row[0].(int64), Timestamp: row[1].(int64), Metric: row[2].(string), WAN: row[3].(string),
			Labels: row[4].(string), Granularty: row[5].(string), Value: row[6].(float64),
			Count: row[7].(int64),
		})
	}
	q := question{until: m.oracle.now + day, zone: time.UTC, only: every, series: []int{0, 1, 2, 3, 4}}
	points, _ := m.oracle.points(q)
	for _, p := range points {
		series := slices.IndexFunc(world, func(s series) bool {
			return s.metric == p.Metric && s.wan == p.WAN && len(s.labels) == len(p.Labels)
		})
		want = append(want, shown{
			ID: p.Time.UnixMicro()*2048 + m.oracle.id(series)%2048, Timestamp: p.Time.Unix(),
			Metric: p.Metric, WAN: p.WAN,
			Labels: world[series].stored(), Granularty: p.Granularity.String(), Value: p.Value,
			Count: p.Count,
		})
	}
	byID := func(a, b shown) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if diff := gocmp.Diff(want, got, near, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("view metrics (-want +got):\n%s", diff)
	}
}
