package httpapi_test

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/promql/httpapi"
)

// mounted is an API that also answers PromQL, as the command makes one.
func mounted(t *testing.T, path string) *api.API {
	t.Helper()
	a := api.New(api.Options{Path: path, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	a.Mount(api.Mount{Path: httpapi.Path, MaxForm: httpapi.MaxForm, Refuse: httpapi.Refuse,
		Handler: httpapi.New(a.Read, quiet())})
	return a
}

// A file may come later and may be replaced while it is served.
func TestFileThatIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	handler := mounted(t, path).Handler()
	for _, question := range []string{"label/wan/values", "metadata", "query?query=wanctl_rtt_ms",
		"series?match[]=wanctl_rtt_ms"} {
		answer := ask(handler, question, nil)
		if answer.Code != http.StatusServiceUnavailable || !strings.HasPrefix(answer.Body.String(),
			`{"status":"error","errorType":"unavailable","error":"the history is not available: `) {
			t.Errorf("%s: %d %s", question, answer.Code, answer.Body)
		}
	}
	for _, wans := range [][2]string{{"cable", "lte"}, {"dsl", "fibre"}} {
		if err := os.Rename(record(t, wans[0], wans[1]), path); err != nil {
			t.Fatal(err)
		}
		want := `{"status":"success","data":["` + wans[0] + `","` + wans[1] + `"]}`
		if answer := ask(handler, "label/wan/values", nil); answer.Body.String() != want {
			t.Errorf("%d %s, want %s", answer.Code, answer.Body, want)
		}
		answer := ask(handler, "query?query=count(wanctl_rtt_ms)&time=1772323201", nil)
		if !strings.Contains(answer.Body.String(), `[1772323201,"2"]`) {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
	}
}

// What is wrong with a path is told as JSON, and nobody is sent elsewhere.
func TestOddPaths(t *testing.T) {
	handler := mounted(t, record(t, "cable", "lte")).Handler()
	for path, status := range map[string]int{
		"label//values": http.StatusBadRequest, "label/values": http.StatusNotFound,
		"label/a/b/values": http.StatusOK, "/query": http.StatusNotFound,
		"../v1/query": http.StatusNotFound, "label/../labels": http.StatusNotFound,
		"query/": http.StatusNotFound, "": http.StatusNotFound, "label/./values": http.StatusOK,
	} {
		answer := ask(handler, path, nil)
		if answer.Code != status || !strings.HasPrefix(answer.Body.String(), `{"status":"`) {
			t.Errorf("%q: %d %s", path, answer.Code, answer.Body)
		}
	}
}

// A dashboard asks a dozen questions at once: all of them are answered in turn.
func TestManyAtOnce(t *testing.T) {
	handler := mounted(t, record(t, "cable", "lte")).Handler()
	var asking sync.WaitGroup
	for range 24 {
		asking.Go(func() {
			answer := ask(handler, "query_range?query=quantile_over_time(0.9,wanctl_rtt_ms[1m])"+
				"&start=1772323200&end=1772326800&step=60", nil)
			if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"wan":"lte"`) {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
		})
	}
	asking.Wait()
}
