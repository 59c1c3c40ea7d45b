package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// Whatever the query of the URL, the answer is 200 or 400, soon and in the documented shape; a page
// has what it says it has, and leads to the next one of the same answer.
//
//ci:fuzz 5000
func FuzzHistoryParameters(f *testing.F) {
	a := fuzzedAPI(f)
	for _, query := range []string{
		"", "range=1h30m", "range=5400&step=1", "from=0", "from=0&limit=2",
		"from=-5.25&order=asc&limit=1&offset=3&step=1h",
		"from=1970-01-01T02:00:00%2B02:00&to=2999-01-01T00:00:00Z&step=5m",
		"metrics=wanctl_rtt_ms,+wanctl_state&from=0",
		"from=0&wan=lte&label.reflector=a+%22quoted%22%0Aname%5C", "label.a=%00&label.%ff=%fe",
		"from=0&to=0.000001&step=1us",
		"from=0&quantiles=0.5,.50,0.999&limit=1", "quantiles=1e-300,0,1&range=1h", "quantiles=0.5,2",
		"from=0&step=2540400h&limit=100000", "from=0&step=1us&limit=1&offset=2147483647",
		"from=-62135596800&to=253402300799&step=1us",
		"range=290y", "range=2540400h", "range=1h&from=0", "from=yesterday", "metrics=a,,b", "limit=0",
		"offset=-1", "=1", "range=%zz",
		"step=1500ns", "a;b", "from=0&metrics=" + strings.Repeat("a,", 2000) + "a", "label." +
			strings.Repeat("x", 5000) + "=1",
		strings.Repeat("%b8", 2000), "wan='; DROP TABLE series; --&from=0",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		page, ok := fuzzedPage(t, a, query)
		if !ok || page.Metadata.Next == nil {
			return
		}
		next, err := url.Parse(*page.Metadata.Next)
		if err != nil {
			t.Fatal(err)
		}
		following, ok := fuzzedPage(t, a, next.RawQuery)
		if !ok || following.Metadata.Total != page.Metadata.Total || following.Metadata.Returned == 0 {
			t.Errorf("%q leads to %q, which has %+v after %+v", query, next, following.Metadata,
				page.Metadata)
		}
	})
}

// fuzzedPage asks for a page; ok is false if the question was refused.
func fuzzedPage(t *testing.T, a *api.API, query string) (page points, ok bool) {
	t.Helper()
	const longest = 10 * time.Second // it takes milliseconds
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics/history", nil)
	request.URL.RawQuery = query
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer, request)
	switch answer.Code {
	case http.StatusOK:
	case http.StatusBadRequest:
		const most = 4 << 10
		if why := decode[refused](t, answer.Body); why.Error.Message == "" ||
			len(why.Error.Message) > most {
			t.Errorf("%q is refused with a message of %d bytes", query, len(why.Error.Message))
		}
		return points{}, false
	default:
		t.Fatalf("%q: %d %.500s, want 200 or 400", query, answer.Code, answer.Body)
	}
	// quantiles have fields of any name
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		t.Fatalf("%q: %v", query, err)
	}
	returned := 0
	for _, one := range page.Data {
		returned += len(one.Values)
	}
	m := page.Metadata
	if returned != m.Returned || returned > m.Limit || int64(returned) > m.Total ||
		(m.Next != nil) != (returned > 0 && int64(m.Offset+returned) < m.Total) {
		t.Errorf("%q: %d points, but it says %+v", query, returned, m)
	}
	return page, true
}

// fuzzedAPI answers from a small history that has something in several tiers.
func fuzzedAPI(f *testing.F) *api.API {
	f.Helper()
	r := record(f, service.Config{})
	now := time.Now()
	for _, series := range []*service.Series{
		r.series(f, service.RTT, "cable", nil),
		r.series(f, service.RTT, "lte", service.Labels{"reflector": "a \"quoted\"name\\"}),
		r.series(f, service.State, "lte", nil),
	} {
		for age := time.Duration(0); age < 30*time.Hour; age += 100 * time.Minute {
			r.write(f, service.Sample{Series: series, Time: now.Add(-age), Value: float64(age / time.Hour)})
		}
	}
	if _, err := r.writer.Maintain(f.Context()); err != nil {
		f.Fatal(err)
	}
	return r.api
}
