package bench

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/cputime"
)

// BenchmarkHTTPHistory asks for the week of BenchmarkRange over HTTP, on one core, which the client
// and a writer that records at 20 Hz share.
func BenchmarkHTTPHistory(b *testing.B) {
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run(encoding, func(b *testing.B) { askOverHTTP(b, encoding) })
	}
}

func askOverHTTP(b *testing.B, encoding string) {
	b.Helper()
	w := newWorld(b, controller, service.Config{})
	recordWeek(b, w)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	stop := recordInRealTime(b, w)
	defer stop()
	a := api.New(api.Options{Path: w.writer.Path(), Writer: w.writer})
	server := httptest.NewServer(a.Handler())
	defer func() {
		server.Close()
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	}()
	url := server.URL + "/metrics/history?metrics=" + service.RTT + "&step=5m&from=" +
		strconv.FormatInt(start.Unix(), 10) +
		"&to=" + strconv.FormatInt(w.now().Unix(), 10)
	var size int64
	busy := cputime.Used()
	for b.Loop() {
		size = get(b, url, encoding)
	}
	busy = cputime.Used() - busy
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
	b.ReportMetric(busy.Seconds()*1000/float64(b.N), "cpu-ms/answer")
	b.ReportMetric(float64(size), "B/answer")
}

// get asks and returns the size of the answer as it was sent.
func get(b *testing.B, url, encoding string) int64 {
	b.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", encoding)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		b.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || size < 10_000 {
		b.Fatalf("%s, %d bytes", response.Status, size)
	}
	return size
}

// recordInRealTime records a cycle every 50 ms, and maintains every minute, until stop is called.
func recordInRealTime(b *testing.B, w *world) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(cycle)
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			w.writer.Record(w.cycles(1)...)
			if n%int(time.Minute/cycle) == 0 {
				if _, err := w.writer.Maintain(ctx); err != nil && ctx.Err() == nil {
					b.Error(err)
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
