package measure

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// devTable is /proc/net/dev with the counters of wan2 given.
//
//nolint:lll // lines as the kernel writes them
func devTable(rx, tx uint64) string {
	return fmt.Sprintf(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  wan2: %d 9523    1    2    3     4          5         6 %d 7871    0    0    0     0       0          0
eth0.7: 1 1    0    0    0     0          0         0 1 1    0    0    0     0       0          0
`, rx, tx)
}

func TestCounters(t *testing.T) {
	t.Parallel()
	kernel := fakeProc(t, map[string]string{"net/dev": devTable(math.MaxUint64, 815366)})
	got, err := kernel.Counters("wan2")
	if err != nil {
		t.Fatal(err)
	}
	if got.RxBytes != math.MaxUint64 || got.TxBytes != 815366 || got.At.IsZero() {
		t.Errorf("got %+v", got)
	}
}

func TestCountersOfNoInterface(t *testing.T) {
	t.Parallel()
	_, err := fakeProc(t, map[string]string{"net/dev": devTable(0, 0)}).Counters("wan3")
	if !errors.Is(err, ErrNoInterface) {
		t.Fatalf("got %v, want ErrNoInterface", err)
	}
	for _, part := range []string{`"wan3"`, "eth0.7, lo, wan2"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %s", err, part)
		}
	}
}

func TestCountersUnreadable(t *testing.T) {
	t.Parallel()
	if _, err := fakeProc(t, nil).Counters("lo"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want os.ErrNotExist", err)
	}
}

func TestRateSince(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	earlier := Counters{At: begin, RxBytes: 1000, TxBytes: 2000}
	tests := []struct {
		name   string
		after  time.Duration
		rx, tx uint64
		index  int
		want   Rate
		ok     bool
	}{
		{name: "one second", after: time.Second, rx: 1000 + 125_000, tx: 2000 + 250_000,
			want: Rate{RxMbps: 1, TxMbps: 2}, ok: true},
		{name: "one cycle", after: 50 * time.Millisecond, rx: 1000 + 6_250_000, tx: 2000,
			want: Rate{RxMbps: 1000}, ok: true},
		{name: "nothing passed", after: time.Second, rx: 1000, tx: 2000, ok: true},
		{name: "rx smaller", after: time.Second, rx: 999, tx: 3000},
		{name: "tx smaller", after: time.Second, rx: 3000, tx: 0},
		{name: "a counter of 32 bits has wrapped", after: cycle, rx: 10, tx: 3000},
		{name: "recreated", after: cycle, rx: 1e9, tx: 1e9, index: 7},
		{name: "the same moment", rx: 2000, tx: 3000},
		{name: "back in time", after: -time.Second, rx: 2000, tx: 3000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := Counters{At: begin.Add(tt.after), Index: tt.index, RxBytes: tt.rx, TxBytes: tt.tx}
			if got, ok := now.RateSince(earlier); ok != tt.ok || got != tt.want {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kernel := fakeProc(t, map[string]string{"net/dev": devTable(0, 0)})
		meter := kernel.NewMeter("wan2")
		steps := []struct {
			name  string
			table string
			want  Rate
			ok    bool
			err   error
		}{
			{name: "first", table: devTable(1000, 1000)},
			{name: "second", table: devTable(251_000, 126_000), want: Rate{RxMbps: 2, TxMbps: 1}, ok: true},
			{name: "reset", table: devTable(0, 0)},
			{name: "after the reset", table: devTable(125_000, 0), want: Rate{RxMbps: 1}, ok: true},
			{name: "gone", table: strings.ReplaceAll(devTable(0, 0), "wan2", "wan9"), err: ErrNoInterface},
			{name: "back with more than before", table: devTable(1e9, 1e9)},
			{name: "after it came back", table: devTable(1e9, 1e9+125_000), want: Rate{TxMbps: 1}, ok: true},
		}
		for _, s := range steps {
			time.Sleep(time.Second) // the bubble's clock
			if err := os.WriteFile(kernel.file("net/dev"), []byte(s.table), 0o600); err != nil {
				t.Fatal(err)
			}
			got, ok, err := meter.Rate()
			if !errors.Is(err, s.err) || ok != s.ok || got != s.want {
				t.Errorf("%s: got %v, %v, %v; want %v, %v, %v", s.name, got, ok, err, s.want, s.ok, s.err)
			}
		}
	})
}

func BenchmarkMeter(b *testing.B) {
	kernel, err := OpenKernel("")
	if err != nil {
		b.Skip("no proc file system here: ", err)
	}
	meter := kernel.NewMeter("lo")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := meter.Rate(); err != nil {
			b.Fatal(err)
		}
	}
}
