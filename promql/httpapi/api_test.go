package httpapi_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/promql/httpapi"
)

// Results have Prometheus's shapes, by GET and by POST.
func TestShapes(t *testing.T) {
	handler := answering(t)
	for _, c := range []struct{ path, query, want string }{
		{"query", "query=1%2B1&time=4",
			`{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}`},
		{"query", `query="a<b"&time=1.5`,
			`{"status":"success","data":{"resultType":"string","result":[1.5,"a\u003cb"]}}`},
		{"query", "query=vector(1e21)&time=-1.001",
			`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},` +
				`"value":[-1.001,"1e+21"]}]}}`},
		{"query", "query=vector(-Inf)&time=2026-03-01T00:00:00.250Z",
			`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},` +
				`"value":[1772323200.250,"-Inf"]}]}}`},
		{"query", "query=nothing&time=1",
			`{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{"query_range", "query=time()/3&start=0&end=1&step=500ms",
			`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"0"],` +
				`[0.500,"0.16666666666666666"],[1,"0.3333333333333333"]]}]}}`},
		{"query_range", "query=nothing&start=0&end=1&step=1",
			`{"status":"success","data":{"resultType":"matrix","result":[]}}`},
		{"query_range", `query=label_replace(vector(0.0000001),"é","ü\\","","")&start=0&end=0&step=1`,
			`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"é":"ü\\"},` +
				`"values":[[0,"1e-07"]]}]}}`},
		{"query_exemplars", "query=x&start=0&end=1", `{"status":"success","data":[]}`},
	} {
		form, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range []*httptest.ResponseRecorder{
			ask(handler, c.path+"?"+form.Encode(), nil), ask(handler, c.path, form),
		} {
			if got := answer.Body.String(); got != c.want || answer.Code != http.StatusOK ||
				answer.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s?%s: %d\n%s, want\n%s", c.path, c.query, answer.Code, got, c.want)
			}
		}
	}
}

// What is wrong is told in Prometheus's shape, words and status codes.
func TestErrors(t *testing.T) {
	handler := answering(t)
	for _, c := range []struct {
		path, query string
		code        int
		kind, words string
	}{
		{"query", "query=", 400, "bad_data", `invalid parameter \"query\": `},
		{"query", "query=1%2B", 400, "bad_data", `invalid parameter \"query\": 1:3: parse error: `},
		{"query", "query=1&time=x", 400, "bad_data",
			`invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid ` +
				"timestamp"},
		{"query", "query=1&timeout=x", 400, "bad_data",
			`invalid parameter \"timeout\": cannot parse \"x\" to a valid duration`},
		{"query", "query=1&timeout=-1", 400, "bad_data", "timeout must be positive"},
		{"query", "query=1&limit=-1", 400, "bad_data",
			`invalid parameter \"limit\": limit must be non-negative`},
		{"query", "query=1&limit=x", 400, "bad_data", `invalid parameter \"limit\"`},
		{"query", "query=1&lookback_delta=x", 400, "bad_data", "lookback_delta"},
		{"query", "query=1&time=NaN", 400, "bad_data", "time"},
		{"query", "query=1&time=1e300", 400, "bad_data", "time"},
		{"query_range", "query=1&start=0&end=1&step=0", 400, "bad_data",
			`invalid parameter \"step\": zero or negative query resolution step widths are not accepted. ` +
				`Try a positive integer`},
		{"query_range", "query=1&start=0&end=11001&step=1", 400, "bad_data",
			"exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query " +
				`resolution (?step=XX)`},
		{"query_range", "query=1&start=-9e15&end=9e15&step=1000000h", 400, "bad_data", "11,000 points"},
		{"query_range", "query=1&start=1&end=0&step=1", 400, "bad_data",
			`invalid parameter \"end\": end timestamp must not be before start time`},
		{"query_range", "query=1&end=0&step=1", 400, "bad_data", `invalid parameter \"start\": `},
		{"query_range", "query=1&start=0&end=1&step=1e300", 400, "bad_data", "overflows int64"},
		{"query_range", `query="a"&start=0&end=1&step=1`, 400, "bad_data", "string"},
		{"query", `query=vector(1) * on() group_left() (vector(1) or label_replace(vector(1),"a",` +
			`"b","",""))`, 422, "execution", "many-to-many"},
		{"series", "", 400, "bad_data", "no match[] parameter provided"},
		{"series", "match[]=1", 400, "bad_data", `invalid parameter \"match[]\": `},
		{"series", "match[]={a=~\"(\"}", 400, "bad_data", `invalid parameter \"match[]\": `},
		{"series", "match[]={a=~\".*\"}", 400, "bad_data",
			`invalid parameter \"match[]\": match[] must contain at least one non-empty matcher`},
		{"labels", "start=x", 400, "bad_data", `invalid parameter \"start\": `},
		{"label//values", "", 400, "bad_data", `invalid label name: \"\"`},
		{"metadata", "limit=x", 400, "bad_data", "limit must be a number"},
		{"nothing", "", 404, "not_found", "/api/v1/nothing"},
		{"label/x/nothing", "", 404, "not_found", ""},
	} {
		form, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		answer := ask(handler, c.path+"?"+form.Encode(), nil)
		got := answer.Body.String()
		if answer.Code != c.code || !strings.Contains(got, c.words) || !strings.HasPrefix(got,
			`{"status":"error","errorType":"`+c.kind+`","error":"`) {
			t.Errorf("%s?%s: %d %s, want %d %s", c.path, c.query, answer.Code, got, c.code, c.words)
		}
	}
}

// What POST is not for is refused in the same shape, so that a client asks again by GET.
func TestMethods(t *testing.T) {
	handler := answering(t)
	for _, path := range []string{"label/wan/values", "metadata", "rules", "status/buildinfo"} {
		answer := ask(handler, path, url.Values{"limit": {"1"}})
		if answer.Code != http.StatusMethodNotAllowed ||
			!strings.HasPrefix(answer.Body.String(), `{"status":"error","errorType":"bad_data"`) {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
		if answer := ask(handler, path+"?limit=1", nil); answer.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	long := url.Values{"query": {strings.Repeat("x", httpapi.MaxForm)}}
	if answer := ask(handler, "query", long); answer.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	request := httptest.NewRequest(http.MethodPost, httpapi.Path+"query",
		strings.NewReader(long.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.ContentLength = -1 // as of a chunked one
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// Long answers are compressed for who wants that.
func TestGzip(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet,
		httpapi.Path+"query_range?query=time()&start=0&end=10000&step=1", nil)
	request.Header.Set("Accept-Encoding", "gzip")
	answer := httptest.NewRecorder()
	answering(t).ServeHTTP(answer, request)
	if answer.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("%d %v", answer.Code, answer.Header())
	}
	unzipped, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil || !strings.HasSuffix(string(text), `[10000,"10000"]]}]}}`) {
		t.Errorf("%v, %d bytes", err, len(text))
	}
}

// A handler of its own has the rules of access of the rest.
func TestAccess(t *testing.T) {
	options := quiet()
	options.Token, options.Origin = "correct-horse-battery", "https://status.example.net"
	handler := httpapi.New(httpapi.Always(recorded(t)), options).Handler()
	for _, c := range []struct {
		headers []string
		code    int
	}{
		{nil, 401},
		{[]string{"Authorization", "Bearer correct-horse-battery"}, 200},
		{[]string{"Authorization", "Bearer correct-horse-battery", "Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Authorization", "Bearer correct-horse-battery", "Sec-Fetch-Site", "cross-site",
			"Origin", "https://status.example.net"}, 200},
	} {
		request := httptest.NewRequest(http.MethodGet, httpapi.Path+"query?query=1", nil)
		for i := 0; i < len(c.headers); i += 2 {
			request.Header.Set(c.headers[i], c.headers[i+1])
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != c.code || answer.Header().Get("X-Content-Type-Options") != "nosniff" ||
			c.code != 200 && !strings.HasPrefix(answer.Body.String(), `{"status":"error"`) {
			t.Errorf("%+v: %d %s", c, answer.Code, answer.Body)
		}
	}
}
