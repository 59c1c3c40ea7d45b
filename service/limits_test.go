package service_test

import (
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A program that makes a series of every request gets an error and no more memory.
func TestSeriesWithoutEnd(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	const asked, most = 1_000_000, 20_000
	before := heap()
	refused := 0
	for i := range asked {
		s, err := w.Series(service.RTT, "wan", service.Labels{"request": strconv.Itoa(i)})
		switch {
		case err == nil:
			w.Record(service.Sample{Series: s, Time: time.Now(), Value: 1})
		case errors.Is(err, service.ErrTooManySeries):
			refused++
		default:
			t.Fatal(err)
		}
	}
	if want := asked - most; refused != want {
		t.Errorf("%d series were refused, want %d", refused, want)
	}
	grown := heap() - before
	t.Logf("%d series refused, %d kept in %d bytes", refused, most, grown)
	if grown > 8<<20 {
		t.Errorf("they take %d bytes", grown)
	}
	if _, err := w.Series(service.RTT, "wan", service.Labels{"request": "7"}); err != nil {
		t.Errorf("a series that is known is refused: %v", err)
	}
	must(t, w.Flush(t.Context()))
	if got := w.Status(); got.Accepted != most || got.Refused.Total() != 0 {
		t.Errorf("%d samples accepted and %+v refused, want %d and none", got.Accepted, got.Refused, most)
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// The file has no more series than it may, whichever program made them; their samples are refused
// and take no neighbour with them.
func TestFileWithAllItsSeries(t *testing.T) {
	config := service.Config{DBPath: filetest.Path(t), MaxSeries: 3}
	w := open(t, config, quiet())
	for _, wan := range []string{"a", "b"} {
		write(t, w,
			service.Sample{Series: series(t, w, service.RTT, wan, nil), Time: time.Now(), Value: 1})
	}
	shut(t, w)

	w = open(t, config, quiet())
	at := time.Now()
	unknown := series(t, w, service.RTT, "c", nil)
	filetest.Exec(t, config.DBPath,
		"INSERT INTO series (metric_name, wan_name, labels, aggregation) VALUES ('wanctl_rtt_ms', 'x', "+
			"'{}', 'avg')")
	samples := []service.Sample{{Series: unknown, Time: at, Value: 2},
		{Series: series(t, w, service.RTT, "a", nil), Time: at, Value: 2}}
	err := w.Write(t.Context(), samples...)
	want(t, err, service.ErrTooManySeries)
	if list := refusals(t, err); len(list) != 1 || list[0].Sample.Series != unknown {
		t.Errorf("refused %v, want the sample of WAN c", list)
	}
	if diff := cmp.Diff(service.Refused{TooMany: 1}, w.Status().Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	shut(t, w)

	w = open(t, config, quiet())
	_, err = w.Series(service.RTT, "d", nil)
	want(t, err, service.ErrTooManySeries)
	for _, wan := range []string{"a", "b", "x"} { // whatever was asked for before
		write(t, w,
			service.Sample{Series: series(t, w, service.RTT, wan, nil), Time: at.Add(time.Second), Value: 2})
	}
	if n := filetest.Int(t, config.DBPath, "SELECT count(*) FROM series"); n != 3 {
		t.Errorf("the file has %d series, want 3", n)
	}
	shut(t, w)

	config.MaxSeries = 4
	w = open(t, config, quiet())
	write(t, w, service.Sample{Series: series(t, w, service.RTT, "d", nil), Time: at, Value: 2})
}
