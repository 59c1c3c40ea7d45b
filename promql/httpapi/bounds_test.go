package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// A query waits for the samples of others that are evaluated or fetched, and is told when it has
// waited too long.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		reserve := func() (*reservation, error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			return b.reserve(ctx)
		}
		taken := func() *reservation {
			t.Helper()
			room, err := reserve()
			if err != nil {
				t.Fatal(err)
			}
			return room
		}
		refused := func() {
			t.Helper()
			if _, err := reserve(); !errors.Is(err, errBusy) {
				t.Errorf("%v, want %v", err, errBusy)
			}
		}
		first, second := taken(), taken()
		refused() // two are evaluated
		first.evaluated(60)
		refused() // and their samples are fetched
		second.evaluated(40)
		third := taken()
		refused()
		first.done()
		second.done()
		third.evaluated(1000) // of more than there may be
		taken()
		refused()
		third.done()
		taken()
	})
}

// fetching calls a function when an answer is written.
type fetching struct {
	*httptest.ResponseRecorder
	written func()
}

func (f fetching) Write(text []byte) (int, error) {
	f.written()
	return f.ResponseRecorder.Write(text)
}

// Lists count as queries do until they are fetched.
func TestBudgetOfLists(t *testing.T) {
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: filetest.Path(t)},
		service.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Series(service.RTT, "dsl", nil); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	history, err := service.OpenHistory(t.Context(), writer.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := history.Close(); err != nil {
			t.Error(err)
		}
	}()
	a := New(Always(history), Options{Query: promql.Options{MaxSamples: 1}})
	for _, path := range []string{"series?match[]={wan!=%22%22}", "labels", "label/wan/values"} {
		all, fetched := int64(maxQueries), false
		answer := fetching{httptest.NewRecorder(), func() {
			fetched = true
			if a.budget.samples.TryAcquire(all) {
				t.Errorf("%s: the room is free while the answer is fetched", path)
				a.budget.samples.Release(all)
			}
		}}
		a.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, Path+path, nil))
		if answer.Code != http.StatusOK || !fetched || !a.budget.samples.TryAcquire(all) {
			t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
		}
		a.budget.samples.Release(all)
	}
}

// A query is stopped when the heap grows too far.
func TestWatch(t *testing.T) {
	ctx, end := watched(t.Context())
	defer end()
	var held [][]byte
	for range 64 {
		if ctx.Err() != nil {
			break
		}
		held = append(held, make([]byte, maxHeap/32))
		select {
		case <-ctx.Done():
		case <-time.After(2 * heapPace):
		}
	}
	if !errors.Is(context.Cause(ctx), errMemory) {
		t.Errorf("%v after %d parts", context.Cause(ctx), len(held))
	}
}

// Where there is no history, or no turn, the answer tells that.
func TestUnavailable(t *testing.T) {
	for want, read := range map[string]Read{
		`503 {"status":"error","errorType":"unavailable","error":"oh"}`: func(context.Context,
			func(*service.History) error,
		) error {
			return errors.New("oh")
		},
		`503 {"status":"error","errorType":"unavailable","error":"` + errBusy.Error() + `: context ` +
			`deadline exceeded"}`: func(ctx context.Context, _ func(*service.History) error) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			handler := New(read, Options{Logger: slog.New(slog.DiscardHandler)}).Handler()
			for _, path := range []string{"labels", "metadata", "series?match[]=x", "query?query=1"} {
				answer, asked := httptest.NewRecorder(), time.Now()
				request := httptest.NewRequest(http.MethodGet, Path+path, nil)
				handler.ServeHTTP(answer, request)
				if took := time.Since(asked); took != 0 && took != 30*time.Second {
					t.Errorf("%s has waited for %s", path, took)
				}
				if got := http.StatusText(answer.Code); answer.Code != http.StatusServiceUnavailable ||
					answer.Body.String() != strings.TrimPrefix(want, "503 ") {
					t.Errorf("%s: %s %s, want %s", path, got, answer.Body, want)
				}
			}
		})
	}
}

// Times and durations are read as Prometheus reads them.
func TestTimes(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1000, "1.5": 1500, "-1.5": -1500, "1.0004": 1000, "1.0006": 1001, "1e3": 1_000_000,
		"1970-01-01T00:00:01Z": 1000, "1970-01-01T01:00:01.25+01:00": 1250,
		"-292273086-05-16T16:47:06Z":          -9_223_309_901_257_974_000,
		"292277025-08-18T07:12:54.999999999Z": 9_223_309_901_257_974_999,
	} {
		if at, err := parseTime("time", text); err != nil || at.UnixMilli() != want {
			t.Errorf("%s: %d, %v, want %d", text, at.UnixMilli(), err, want)
		}
	}
	for text, want := range map[string]time.Duration{
		"1": time.Second, "0.25": 250 * time.Millisecond, "5m": 5 * time.Minute,
		"1h30m": 90 * time.Minute, "1w": 7 * 24 * time.Hour,
	} {
		if length, err := parseDuration("step", text); err != nil || length != want {
			t.Errorf("%s: %s, %v, want %s", text, length, err, want)
		}
	}
	for _, text := range []string{"", "x", "inf", "+Inf", "nan", "1e400", "9223372036854775807",
		"9223372036854775", "-9223372036854775",
		"2026-13-01T00:00:00Z", "now"} {
		if at, err := parseTime("time", text); err == nil {
			t.Errorf("%q: %s", text, at)
		}
	}
	for _, text := range []string{"", "x", "inf", "nan", "1e18", "-"} {
		if length, err := parseDuration("step", text); err == nil {
			t.Errorf("%q: %s", text, length)
		}
	}
}

// An error of the engine gets the kind and the words of Prometheus.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		err    error
		kind   string
		status int
	}{
		{promql.ErrTimeout, kindTimeout, 503},
		{context.DeadlineExceeded, kindTimeout, 503},
		{promql.ErrCanceled, kindCanceled, 499},
		{context.Canceled, kindCanceled, 499},
		{promql.ErrTooManySamples, kindExecution, 422},
		{service.ErrDamaged, kindUnavailable, 503},
		{service.ErrReadTooLong, kindUnavailable, 503},
		{errBusy, kindUnavailable, 503},
		{errMemory, kindExecution, 422},
		{errors.New("oh"), kindExecution, 422},
		{&promql.ParseError{}, kindBadData, 400},
	} {
		if got := failureOf(c.err); got.kind != c.kind || got.status != c.status {
			t.Errorf("%v: %s, %d", c.err, got.kind, got.status)
		}
	}
}

// FuzzParameters: whatever is asked, the answer is one of those that are documented.
//
//ci:fuzz 3000
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{"query=1%2B1&time=4", "query=x&start=0&end=1&step=1",
		"match[]={a=~\"x|y\"}&limit=1", "lookback_delta=1m&timeout=1s&stats=all&query=time()",
		"query=max_over_time(vector(1)[1y:1ms])", "%", "query=\xff&time=1e18"} {
		f.Add("query", seed)
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return // no client sends it
		}
		read := func(context.Context, func(*service.History) error) error { return errors.New("none") }
		handler := New(read, Options{Logger: slog.New(slog.DiscardHandler)}).Handler()
		request := httptest.NewRequest(http.MethodGet, Path+url.PathEscape(path)+"?"+values.Encode(), nil)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		switch answer.Code {
		case 200, 400, 404, 405, 422, 503:
		default:
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
	})
}
