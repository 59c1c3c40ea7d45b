package api_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// shownPoint is a point as both the API and the history show it.
type shownPoint struct {
	Series      string
	Time        string
	Value       float64
	Min, Max    float64
	Count       int64
	Granularity string
}

// order puts points in the order of their series, and of time.
func order(list []shownPoint) []shownPoint {
	slices.SortFunc(list, func(a, b shownPoint) int {
		if c := strings.Compare(a.Series, b.Series); c != 0 {
			return c
		}
		return strings.Compare(a.Time, b.Time)
	})
	return list
}

// readPages follows the links from a question to its last page. Between pages it calls meanwhile.
func readPages(
	t *testing.T, a *api.API, path string, meanwhile func(),
) (list []shownPoint, first points) {
	t.Helper()
	for n := 0; ; n++ {
		page := history(t, a, path)
		if n == 0 {
			first = page
		}
		if page.Metadata.Total != first.Metadata.Total || page.Metadata.To != first.Metadata.To {
			t.Errorf("page %d: %+v, the first one: %+v", n, page.Metadata, first.Metadata)
		}
		for _, series := range page.Data {
			for i := range series.Timestamps {
				list = append(list, shownPoint{
					Series: series.Metric + " " + series.WAN, Time: series.Timestamps[i].String(),
					Value: series.Values[i], Min: series.Min[i], Max: series.Max[i], Count: series.Count[i],
					Granularity: series.Granularity[i],
				})
			}
		}
		if page.Metadata.Next == nil {
			return order(list), first
		}
		path = following(t, path, *page.Metadata.Next)
		meanwhile()
	}
}

// readRange asks the history itself.
func readRange(t *testing.T, path string, query service.Query) (list []shownPoint) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for p, err := range h.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		seconds, micros := strconv.FormatInt(p.Time.Unix(), 10),
			strconv.Itoa(1_000_000 + p.Time.Nanosecond()/1000)[1:]
		list = append(list, shownPoint{
			Series: p.Metric + " " + p.WAN,
			Time:   strings.TrimRight(strings.TrimRight(seconds+"."+micros, "0"), "."),
			Value:  p.Value, Min: p.Min, Max: p.Max, Count: p.Count, Granularity: p.Granularity.String(),
		})
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return order(list)
}

// The pages of an answer put together are the answer, while more is recorded between them.
func TestPagesWhileRecording(t *testing.T) {
	r := record(t, service.Config{Grace: time.Second})
	all := []*service.Series{
		r.series(t, service.RTT, "cable", nil), r.series(t, service.RTT, "lte", nil),
		r.series(t, service.State, "cable", nil),
	}
	// Far in the past, so that there are many minutes to roll up; and then on in small steps.
	clock := time.Now().Add(-50 * time.Minute)
	more := func(n int) {
		for range n {
			clock = clock.Add(time.Duration(1+rand.IntN(900_000)) * time.Microsecond)
			for _, series := range all {
				if rand.IntN(3) > 0 {
					r.writer.Record(service.Sample{Series: series, Time: clock, Value: rand.Float64() * 100})
				}
			}
		}
		if err := r.writer.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	more(500)
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	more(20)
	rapid.Check(t, func(tr *rapid.T) {
		limit := rapid.IntRange(40, 300).Draw(tr, "limit")
		order := rapid.SampledFrom([]string{"desc", "asc"}).Draw(tr, "order")
		from := clock.Add(-time.Duration(rapid.IntRange(1, 120).Draw(tr,
			"seconds")) * time.Second).Truncate(time.Microsecond)
		path := "/metrics/history?from=" +
			strconv.FormatFloat(float64(from.UnixMicro())/1e6, 'f', 6, 64) +
			"&limit=" + strconv.Itoa(limit) + "&order=" + order
		got, first := readPages(t, r.api, path, func() { more(1) })
		until, err := strconv.ParseFloat(first.Metadata.To.String(), 64)
		if err != nil {
			t.Fatal(err)
		}
		query := service.Query{From: from, Until: time.UnixMicro(int64(until*1e6 + 0.5))}
		if diff := cmp.Diff(readRange(t, r.path, query), got); diff != "" {
			tr.Fatal(diff)
		}
	})
}

// With a step the pages hold what the range does, too, as long as nothing is recorded.
func TestPagesOfSteps(t *testing.T) {
	r := record(t, service.Config{Grace: time.Second})
	r.weekOf(t, 2000, 777*time.Millisecond)
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Truncate(time.Second)
	for _, step := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 5 * time.Minute,
		7 * time.Minute} {
		path := "/metrics/history?from=0&to=" + strconv.FormatInt(until.Unix(), 10) + "&limit=101&step=" +
			step.String()
		got, first := readPages(t, r.api, path, func() {})
		if diff := cmp.Diff(readRange(t, r.path,
			service.Query{From: time.Unix(0, 0), Until: until, Step: step, NewestFirst: true}),
			got); diff != "" {
			t.Error(diff)
		}
		if int64(len(got)) != first.Metadata.Total {
			t.Errorf("%s: %d points, %d in all", step, len(got), first.Metadata.Total)
		}
	}
}
