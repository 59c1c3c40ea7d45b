package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/service"
)

// Quantiles are columns of their own: exact while there are raw samples, null for states, and asked
// for by the next page as well.
func TestQuantiles(t *testing.T) {
	begin := time.Now().Truncate(time.Hour).Add(-time.Hour)
	r := record(t, service.Config{Grace: 24 * time.Hour})
	rtt, state := r.series(t, service.RTT, "cable", nil), r.series(t, service.State, "cable", nil)
	for i := range 100 {
		at := begin.Add(time.Duration(i) * time.Second / 2)
		r.write(t, service.Sample{Series: rtt, Time: at, Value: float64(i + 1)},
			service.Sample{Series: state, Time: at, Value: 1})
	}
	second := strconv.FormatInt(begin.Unix(), 10)
	path := "/metrics/history?from=" + second + "&step=30s&order=asc&limit=2&quantiles=0.999,0.5,.5"
	body := ask(t, r.api, http.MethodGet, path).Body.String()
	for _, want := range []string{
		`"width":[30],"p99.9":[60],"p50":[30]},`, `"width":[30],"p99.9":[null],"p50":[null]}],`,
		`&quantiles=0.999%2C0.5&`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}

	answer := ask(t, r.api, http.MethodGet, path+"&format=csv")
	lines := strings.Split(answer.Body.String(), "\n")
	want := []string{"granularity,width_us,p99.9,p50", ",raw,30000000,60,30", ",raw,30000000,,", ""}
	for i, line := range lines {
		if i >= len(want) || !strings.HasSuffix(line, want[i]) {
			t.Errorf("line %d: %s", i, line)
		}
	}
	next := answer.Header().Get("Link")
	if !strings.Contains(next, "&quantiles=0.999%2C0.5&") {
		t.Errorf("the next page is %s", next)
	}
}

// Without being asked for there are none, and asking changes nothing else.
func TestQuantilesBeside(t *testing.T) {
	r := record(t, service.Config{})
	r.weekOf(t, 500, 20*time.Minute)
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	end := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	path := "/metrics/history?from=0&step=1h&to=" + end
	plain := history(t, r.api, path)
	body := ask(t, r.api, http.MethodGet, path+"&quantiles=0.95").Body.String()
	before, rest, found := strings.Cut(body, `,"p95":[`)
	column, after, _ := strings.Cut(rest, "]")
	if !found || strings.Contains(column, "null") {
		t.Errorf("p95 is %s in %s", column, body)
	}
	without := decode[points](t, strings.NewReader(before+after))
	if diff := cmp.Diff(plain, without); diff != "" {
		t.Error(diff)
	}
}
