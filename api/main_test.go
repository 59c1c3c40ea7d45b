package api_test

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := filetest.NoTestLog(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// points is the answer to a question about points.
type points struct {
	Data []struct {
		Metric      string            `json:"metric_name"`
		WAN         string            `json:"wan_name"`
		Labels      map[string]string `json:"labels"`
		Help        string            `json:"help"`
		Unit        string            `json:"unit"`
		States      map[string]string `json:"states"`
		Aggregation string            `json:"aggregation"`
		Timestamps  []json.Number     `json:"timestamps"`
		Values      []float64         `json:"values"`
		Min         []float64         `json:"min"`
		Max         []float64         `json:"max"`
		Count       []int64           `json:"count"`
		Granularity []string          `json:"granularity"`
		Width       []json.Number     `json:"width"`
		P95         []*float64        `json:"p95"`
	} `json:"data"`
	Metadata struct {
		From          json.Number `json:"from"`
		To            json.Number `json:"to"`
		Step          json.Number `json:"step"`
		StepMonths    int         `json:"step_months"`
		Granularities []string    `json:"granularities"`
		Order         string      `json:"order"`
		Limit         int         `json:"limit"`
		Offset        int         `json:"offset"`
		Total         int64       `json:"total"`
		Returned      int         `json:"returned"`
		NextOffset    *int        `json:"next_offset"`
		Next          *string     `json:"next"`
	} `json:"metadata"`
	Latest  []newestSample  `json:"latest"`
	Summary []seriesSummary `json:"summary"`
	Outages json.RawMessage `json:"outages"`
}

// seriesSummary is what a series did in all of the range.
type seriesSummary struct {
	Metric      string             `json:"metric_name"`
	WAN         string             `json:"wan_name"`
	Labels      map[string]string  `json:"labels"`
	Aggregation string             `json:"aggregation"`
	Count       int64              `json:"count"`
	Mean        float64            `json:"mean"`
	Min         float64            `json:"min"`
	Max         float64            `json:"max"`
	P95         *float64           `json:"p95"`
	Shares      map[string]float64 `json:"shares"`
}

// newestSample is the newest sample of a series.
type newestSample struct {
	Metric      string            `json:"metric_name"`
	WAN         string            `json:"wan_name"`
	Labels      map[string]string `json:"labels"`
	Help        string            `json:"help"`
	Unit        string            `json:"unit"`
	States      map[string]string `json:"states"`
	Aggregation string            `json:"aggregation"`
	Timestamp   json.Number       `json:"timestamp"`
	Value       float64           `json:"value"`
}

// following returns where a reference leads from an address.
func following(t *testing.T, path, reference string) string {
	t.Helper()
	base, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	next, err := base.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return next.String()
}

// refused is the answer to a question that was refused.
type refused struct {
	Error struct {
		Parameter string `json:"parameter"`
		Message   string `json:"message"`
	} `json:"error"`
}

// decode reads an answer, of which nothing may be unknown.
func decode[T any](t *testing.T, body io.Reader) (value T) {
	t.Helper()
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// history asks for points, which must come.
func history(t *testing.T, a *api.API, path string) points {
	t.Helper()
	answer := ask(t, a, http.MethodGet, path)
	if answer.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, answer.Code, answer.Body)
	}
	return decode[points](t, answer.Body)
}

// refusal asks for what must be refused with a status, and returns why.
func refusal(t *testing.T, a *api.API, path string, status int) refused {
	t.Helper()
	answer := ask(t, a, http.MethodGet, path)
	if answer.Code != status {
		t.Errorf("GET %s: %d %s, want %d", path, answer.Code, answer.Body, status)
	}
	why := decode[refused](t, answer.Body)
	if why.Error.Message == "" || answer.Header().Get("Content-Type") != "application/json" {
		t.Errorf("GET %s: %+v", path, why)
	}
	return why
}

// askWith asks with headers, given as name and value in turn.
func askWith(a *api.API, method, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer, request)
	return answer
}
