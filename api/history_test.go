package api_test

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/service"
)

// An answer as it is, to the byte.
func TestHistoryAnswer(t *testing.T) {
	begin := time.Now().Truncate(time.Hour).Add(-time.Hour)
	r := record(t, service.Config{Grace: 24 * time.Hour})
	rtt := r.series(t, service.RTT, "cable", service.Labels{"b": "<2>", "a": "1"})
	state := r.series(t, service.State, "cable", nil)
	r.write(t,
		service.Sample{Series: rtt, Time: begin, Value: 20},
		service.Sample{Series: rtt, Time: begin.Add(1234567 * time.Microsecond), Value: 0.1},
		service.Sample{Series: state, Time: begin.Add(1234560 * time.Microsecond), Value: 3},
		service.Sample{Series: rtt, Time: begin.Add(90 * time.Second), Value: -1e-7},
	)
	second := strconv.FormatInt(begin.Unix(), 10)
	unix := func(after int64, fraction string) string {
		return strconv.FormatInt(begin.Unix()+after,
			10) + fraction
	}

	answer := ask(t, r.api, http.MethodGet, "/metrics/history?from="+second+"&limit=3")
	want := `{"data":[{"metric_name":"wanctl_rtt_ms","wan_name":"cable",` +
		`"labels":{"a":"1","b":"\u003c2\u003e"},` +
		`"help":"Round-trip time to the reflector.","unit":"ms","states":{},"aggregation":"avg",` +
		`"timestamps":[` + unix(90, "") + `,` + unix(1, ".234567") +
		`],"values":[-1e-07,0.1],"min":[-1e-07,0.1],"max":[-1e-07,0.1],` +
		`"count":[1,1],"granularity":["raw","raw"],"width":[0,0]},` +
		`{"metric_name":"wanctl_state","wan_name":"cable","labels":{},` +
		`"help":"Congestion state: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED.","unit":"",` +
		`"states":{"0":"GREEN","1":"YELLOW","2":"SOFT_RED","3":"RED"},"aggregation":"mode",` +
		`"timestamps":[` + unix(1, ".23456") +
		`],"values":[3],"min":[3],"max":[3],"count":[1],"granularity":["raw"],"width":[0]}],` +
		`"metadata":{"from":` + second + `,"to":` + unix(90, ".000001") +
		`,"step":0,"granularities":["raw"],"order":"desc",` +
		`"limit":3,"offset":0,"total":4,"returned":3,"next_offset":3,` +
		`"next":"?from=` + second + `&limit=3&offset=3&order=desc&to=` +
		unix(90, ".000001") + `"}}` + "\n"
	if diff := cmp.Diff(want, answer.Body.String()); diff != "" {
		t.Error(diff)
	}
	if got := answer.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}

	answer = ask(t, r.api, http.MethodGet,
		"/metrics/history?from="+second+"&order=asc&step=1m&metrics=wanctl_rtt_ms")
	got := decode[points](t, answer.Body)
	one := got.Data[0]
	diff := cmp.Diff([]json.Number{json.Number(second), json.Number(unix(60, ""))}, one.Timestamps)
	if diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(one.Count, []int64{2, 1}) || one.Values[0] != 10.05 || one.Min[0] != 0.1 ||
		one.Max[0] != 20 {
		t.Errorf("%+v", one)
	}
	if m := got.Metadata; m.Step != "60" || m.Order != "asc" || m.Next != nil || m.NextOffset != nil ||
		m.Limit != 10_000 {
		t.Errorf("%+v", m)
	}
}

// No data is no error.
func TestHistoryOfNothing(t *testing.T) {
	r := record(t, service.Config{})
	answer := ask(t, r.api, http.MethodGet, "/metrics/history?from=10&to=20.5&step=250ms")
	want := `{"data":[],"metadata":{"from":10,"to":20.5,"step":0.25,"granularities":[],` +
		`"order":"desc","limit":10000,"offset":0,` +
		`"total":0,"returned":0,"next_offset":null,"next":null}}` + "\n"
	if answer.Code != http.StatusOK || answer.Body.String() != want {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if m := history(t, r.api, "/metrics/history").Metadata; m.Total != 0 ||
		span(t, m.From, m.To) != time.Hour {
		t.Errorf("%+v", m)
	}
}

// span returns the time between two numbers of seconds.
func span(t *testing.T, from, to json.Number) time.Duration {
	t.Helper()
	a, err := from.Float64()
	if err != nil {
		t.Fatal(err)
	}
	b, err := to.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration((b - a) * float64(time.Second)).Round(time.Millisecond)
}

// weekOf writes samples of a series, one every interval up to now.
func (r *recorder) weekOf(t *testing.T, n int, interval time.Duration) {
	t.Helper()
	series := r.series(t, service.RTT, "cable", nil)
	samples := make([]service.Sample, n)
	for i := range samples {
		samples[i] = service.Sample{Series: series, Time: time.Now().Add(-time.Duration(i+1) * interval),
			Value: float64(i) / 7}
	}
	r.write(t, samples...)
}

func TestHistoryCompressed(t *testing.T) {
	r := record(t, service.Config{})
	r.weekOf(t, 500, time.Second)
	const path = "/metrics/history?from=0"
	plain := askWith(r.api, http.MethodGet, path)
	packed := askWith(r.api, http.MethodGet, path, "Accept-Encoding", "gzip, zstd, br")
	if plain.Header().Get("Content-Encoding") != "" ||
		packed.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("encodings %q and %q", plain.Header().Get("Content-Encoding"),
			packed.Header().Get("Content-Encoding"))
	}
	for _, answer := range []http.Header{plain.Header(), packed.Header()} {
		if !slices.Contains(answer.Values("Vary"), "Accept-Encoding") {
			t.Errorf("vary: %v", answer.Values("Vary"))
		}
	}
	if size := strconv.Itoa(plain.Body.Len()); plain.Header().Get("Content-Length") != size {
		t.Errorf("length %s, want %s", plain.Header().Get("Content-Length"), size)
	}
	if packed.Body.Len()*2 > plain.Body.Len() {
		t.Errorf("%d bytes packed, %d plain", packed.Body.Len(), plain.Body.Len())
	}
	unpacked, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode[points](t, plain.Body), decode[points](t, unpacked)); diff != "" {
		t.Error(diff)
	}
	if small := askWith(r.api, http.MethodGet, "/metrics/history?from=0&limit=1", "Accept-Encoding",
		"gzip"); small.Header().Get("Content-Encoding") != "" {
		t.Error("an answer of one point is compressed")
	}
}

// What a link to the next page says is what was asked for, whatever was asked for.
func TestNextKeepsTheQuestion(t *testing.T) {
	r := record(t, service.Config{})
	series := r.series(t, service.RTT, "a b&c", service.Labels{"x": "=&+%"})
	for i := range 5 {
		r.write(t, service.Sample{Series: series, Time: time.Now().Add(-time.Duration(i+1) * time.Second),
			Value: float64(i)})
	}
	path := "/metrics/history?range=1h&wan=a+b%26c&label.x=%3D%26%2B%25" +
		"&metrics=wanctl_rtt_ms,other&step=1ms&order=asc&limit=2"
	var seen []float64
	for range 3 {
		page := history(t, r.api, path)
		seen = append(seen, page.Data[0].Values...)
		if page.Metadata.Total != 5 || page.Metadata.Order != "asc" || page.Metadata.Step != "0.001" ||
			page.Metadata.Limit != 2 {
			t.Errorf("%+v", page.Metadata)
		}
		if page.Metadata.Next == nil {
			break
		}
		if *page.Metadata.NextOffset != len(seen) ||
			!strings.HasPrefix(*page.Metadata.Next, "?") {
			t.Errorf("%+v", page.Metadata)
		}
		path = following(t, path, *page.Metadata.Next)
	}
	if !slices.Equal(seen, []float64{4, 3, 2, 1, 0}) {
		t.Errorf("%v", seen)
	}
}

// Days are those of the zone that is asked for, and so are times without one.
func TestHistoryOfDays(t *testing.T) {
	r := record(t, service.Config{RetentionDays: 365})
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := time.Now().In(berlin).Date()
	midnight := time.Date(year, month, day-1, 0, 0, 0, 0, berlin)
	series := r.series(t, service.RTT, "cable", nil)
	for _, hours := range []int{-1, 0, 1, 23} {
		at := midnight.Add(time.Duration(hours)*time.Hour + time.Minute)
		r.write(t, service.Sample{Series: series, Time: at, Value: 1})
	}
	for path, want := range map[string][]int64{
		"?from=0&step=1d&tz=Europe/Berlin&order=asc":                  {1, 3},
		"?from=yesterday&to=today&step=1d&tz=Europe/Berlin&order=asc": {3},
		"?from=yesterday+00:30&to=today&tz=Europe/Berlin":             {1, 1},
	} {
		got := history(t, r.api, "/metrics/history"+path).Data[0]
		if !slices.Equal(got.Count, want) {
			t.Errorf("%s: counts %v, want %v", path, got.Count, want)
		}
		if !strings.Contains(path, "step") {
			continue
		}
		last := len(got.Width) - 1
		width := midnight.AddDate(0, 0, 1).Sub(midnight).Seconds()
		if got.Width[last].String() != strconv.Itoa(int(width)) ||
			got.Timestamps[last].String() != strconv.FormatInt(midnight.Unix(), 10) {
			t.Errorf("%s: %s wide at %s, want %.0f at %d", path, got.Width[last], got.Timestamps[last],
				width,
				midnight.Unix())
		}
	}
}

// A table for those who want one has the same points, and its pages lead on by a header.
func TestHistoryCSV(t *testing.T) {
	r := record(t, service.Config{})
	begin := time.Now().Truncate(time.Hour).Add(-time.Hour)
	series := r.series(t, service.RTT, "a,b", service.Labels{"x": "\"1\""})
	r.write(t, service.Sample{Series: series, Time: begin, Value: 0.5},
		service.Sample{Series: series, Time: begin.Add(250 * time.Millisecond), Value: 1e-7},
		service.Sample{Series: series, Time: begin.Add(time.Minute), Value: -3})
	path := "/metrics/history?format=csv&order=asc&step=1m&limit=1&from=" +
		strconv.FormatInt(begin.Unix(), 10)
	answer := ask(t, r.api, http.MethodGet, path)
	stamp := func(at time.Time) string {
		return at.UTC().Format("2006-01-02T15:04:05.000000Z") + "," +
			strconv.FormatInt(at.UnixMicro(), 10)
	}
	const header = "timestamp,timestamp_us,wan_name,metric_name,labels," +
		"value,min,max,count,granularity,width_us\n"
	const name = `,"a,b",wanctl_rtt_ms,"{""x"":""\""1\""""}",`
	want := header + stamp(begin) + name + "0.25000005,1e-07,0.5,2,raw,60000000\n"
	if got := answer.Body.String(); got != want ||
		answer.Header().Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
		t.Errorf("%s %s, want %s", answer.Header(), got, want)
	}
	link := answer.Header().Get("Link")
	next, ok := strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
	if !ok {
		t.Fatalf("link %q", link)
	}
	answer = ask(t, r.api, http.MethodGet, following(t, path, next))
	want = header + stamp(begin.Add(time.Minute)) + name + "-3,-3,-3,1,raw,60000000\n"
	if got := answer.Body.String(); got != want || answer.Header().Get("Link") != "" {
		t.Errorf("%s %s, want %s", answer.Header(), got, want)
	}
	got := ask(t, r.api, http.MethodGet, "/metrics/history?format=csv&from=0&to=1").Body.String()
	if got != header {
		t.Errorf("nothing is %q", got)
	}
}

// The newest samples come beside the points, of whatever range.
func TestHistoryLatest(t *testing.T) {
	r := record(t, service.Config{})
	at := time.Now().Add(-50 * time.Minute).Truncate(time.Second)
	rtt := r.series(t, service.RTT, "cable", service.Labels{"a": "1"})
	r.write(t, service.Sample{Series: rtt, Time: at.Add(-time.Second), Value: 20},
		service.Sample{Series: rtt, Time: at, Value: 21.5},
		service.Sample{Series: r.series(t, service.State, "dsl", nil), Time: at, Value: 3})
	want := []newestSample{{service.RTT, "cable", service.Labels{"a": "1"},
		"Round-trip time to the reflector.", "ms", map[string]string{}, "avg",
		json.Number(strconv.FormatInt(at.Unix(), 10)), 21.5}}
	got := history(t, r.api, "/metrics/history?range=1m&latest=yes&wan=cable")
	if diff := cmp.Diff(want, got.Latest); diff != "" || len(got.Data) != 0 {
		t.Errorf("%+v %s", got.Data, diff)
	}
	if got := history(t, r.api, "/metrics/history?range=1m&latest=yes&wan=none"); got.Latest == nil ||
		len(got.Latest) != 0 {
		t.Errorf("%+v, want an empty list", got.Latest)
	}
	if got := history(t, r.api, "/metrics/history?latest=no"); got.Latest != nil {
		t.Errorf("%+v, want none", got.Latest)
	}
	refusal(t, r.api, "/metrics/history?latest=1", http.StatusBadRequest)
}
