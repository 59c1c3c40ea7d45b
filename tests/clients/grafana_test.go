package clients

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/tests/internal/update"
)

// built matches what differs between builds.
var built = regexp.MustCompile(`"(revision|branch|buildDate|goVersion)":"[^"]*"`)

// TestGrafanaDataSource sends what Grafana's Prometheus data source does, and compares the answers.
// Its server asks by POST, with a form for queries and the parameters in the address for resources,
// and asks again by GET after a 400 or 405.
func TestGrafanaDataSource(t *testing.T) {
	server := serverURL(t)
	const week = "start=946684800&end=947289600"
	var said strings.Builder
	for _, c := range []struct{ about, method, path, form string }{
		{"its check of health", "POST", "query", "query=1%2B1&time=4"},
		{"and of what answers", "GET", "status/buildinfo", ""},
		{"names of metrics", "GET", "label/__name__/values?limit=40000&" + week, ""},
		{"an escaped name of a label", "GET", "label/U__w_61_n/values?limit=40000&" + week, ""},
		{"the values of a variable", "GET",
			"label/wan/values?match%5B%5D=wanctl_rtt_ms%7Bwan%21%3D%22lte%22%7D&" + week, ""},
		{"names of labels", "POST", "labels?limit=40000&" + week, ""},
		{"names of labels of a metric", "POST",
			"labels?limit=40000&match%5B%5D=%7B__name__%3D%22wanctl_state_ratio%22%7D&" + week, ""},
		{"all series", "POST", "series?match%5B%5D=%7B__name__%21%3D%22%22%7D&limit=40000&" + week, ""},
		{"a few series", "POST", "series?match%5B%5D=%7B__name__%21%3D%22%22%7D&limit=2&" + week, ""},
		{"the query builder", "GET", "metadata?metric=wanctl_rtt_ms", ""},
		{"one of states", "GET", "metadata?metric=wanctl_state_ratio&limit_per_metric=1", ""},
		{"an instant query", "POST", "query",
			"query=max_over_time%28wanctl_rtt_baseline_ms%5B1d%5D%29&time=947203200.123"},
		{"a range query", "POST", "query_range",
			"query=sum+by+%28wan%29+%28count_over_time%28wanctl_rtt_ms%5B5m%5D%29%29&" +
				"start=947203200&end=947203800&step=300&timeout=20s"},
		{"the share of each state", "POST", "query_range",
			"query=avg_over_time%28wanctl_state_ratio%7Bwan%3D%22lte%22%7D%5B6h%5D%29&" +
				"start=947181600&end=947203200&step=21600"},
		{"a range before the first sample", "POST", "query_range",
			"query=wanctl_rtt_ms&start=846684800&end=846684860&step=15"},
		{"exemplars", "POST", "query_exemplars", "query=wanctl_rtt_ms&" + week},
		{"rules", "GET", "rules", ""},
		{"alerts", "GET", "alerts", ""},
		{"what only GET is for", "POST", "label/wan/values", "limit=1"},
		{"a query that makes no sense", "POST", "query_range",
			"query=rate%28wanctl_rtt_ms%29&start=947203200&end=947203800&step=300"},
		{"and again by GET", "GET",
			"query_range?query=rate%28wanctl_rtt_ms%29&start=947203200&end=947203800&step=300", ""},
		{"one that cannot be evaluated", "POST", "query",
			"query=wanctl_rtt_ms+%2B+on%28%29+wanctl_rtt_ms&time=947203200"},
		{"more points than there may be", "POST", "query_range",
			"query=wanctl_rtt_ms&" + week + "&step=1"},
	} {
		fmt.Fprintf(&said, "# %s\n%s %s %s\n%s\n\n", c.about, c.method, c.path, c.form,
			answer(t, c.method, server+"/api/v1/"+c.path, c.form))
	}
	update.Golden(t, "testdata/grafana.txt", said.String())
}

// answer is how a question is answered: the status, the type and the body.
func answer(t *testing.T, method, address, form string) string {
	t.Helper()
	code, header, body := ask(t, method, address, form)
	body = built.ReplaceAllString(body, `"$1":"?"`)
	return fmt.Sprintf("%d %s\n%s", code, header.Get("Content-Type"), body)
}

func ask(t *testing.T, method, address, form string) (int, http.Header, string) {
	t.Helper()
	var body io.Reader
	if form != "" {
		body = strings.NewReader(form)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// client keeps no connections, which would outlive the tests.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
