package clients

import (
	"context"
	"errors"
	"net"
	"net/http"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// What needs no data is answered as Prometheus itself answers it, byte by byte.
func TestSameAsPrometheus(t *testing.T) {
	ours, theirs := serverURL(t), prometheus(t)
	for _, c := range []struct{ path, query string }{
		{"query", "query=1%2B1&time=4.5"},
		{"query", "query=vector(1)/0&time=4.1239"},
		{"query", `query="a<b>%26é"&time=4.5`},
		{"query", "query=vector(1e-7)&time=2020-01-01T00:00:00.1Z"},
		{"query", "query=vector(-1e21)&time=-4.5"},
		{"query", "query=1e21&time=4"},
		{"query", "query=nosuch&time=4"},
		{"query", `query=label_replace(vector(NaN),"b","x y\"z","","")&time=-4.5`},
		{"query", "query=nosuch[5m]&time=4"},
		{"query", "query=1%2B&time=4"},
		{"query", "query=foo(1)"},
		{"query", "query=1&timeout=x"},
		{"query_range", "query=time()&start=0&end=3&step=1.5"},
		{"query_range", "query=time()*1e21&start=0.5&end=1&step=250ms"},
		{"query_range", "query=x&start=0&end=11001&step=1"},
		{"query_range", "query=nosuch&start=0&end=11000&step=1"},
		{"query_range", "query=x&start=5&end=1&step=1"},
		{"query_range", "query=x&start=5&end=10&step=0"},
		{"query_range", "query=x&start=5&end=10"},
		{"query_range", "query=x&start=x&end=10"},
		{"query_range", "query=x&start=0&end=10&step=1e300"},
		{"query_range", `query=vector(1) %2B on() group_left() (vector(1) or label_replace(vector(1),` +
			`"a","b","",""))&start=0&end=10&step=1`},
		{"query_exemplars", "query=x&start=0&end=1"},
		{"series", ""},
		{"series", "match[]=1"},
		{"series", "match[]=nosuch"},
		{"series", "match[]={}"},
		{"series", `match[]={a=~".*"}`},
		{"labels", "match[]=nosuch"},
		{"labels", "match[]=x{"},
		{"label/nosuch/values", ""},
		{"metadata", "metric=nosuch"},
		{"metadata", "limit=x"},
		{"rules", ""},
		{"alerts", ""},
	} {
		values, err := neturl.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		path := "/api/v1/" + c.path + "?" + values.Encode()
		want := answer(t, http.MethodGet, theirs+path, "")
		if got := answer(t, http.MethodGet, ours+path, ""); got != want {
			t.Errorf("%s?%s: %s\nwant %s", c.path, c.query, got, want)
		}
	}
}

// prometheus starts Prometheus without any data, until the test ends, and returns where it answers.
func prometheus(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Skip("prometheus is missing")
	}
	place := t.TempDir()
	config := filepath.Join(place, "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil { // for Prometheus to have it
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, "prometheus", "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(place, "data"), "--web.listen-address="+address)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = command.Wait() // it was killed
	})
	awaitReady(t, "http://"+address+"/-/ready")
	return "http://" + address
}

// awaitReady waits until an address answers with 200.
func awaitReady(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err == nil {
			err = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatal(errors.Join(err, ctx.Err()))
		case <-ticker.C:
		}
	}
}
