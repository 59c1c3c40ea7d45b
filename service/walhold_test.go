package service_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

const (
	// walLimit is the size that the WAL should not go beyond.
	walLimit = 16 << 20
	// walRestarted is a size that only a WAL that has restarted has.
	walRestarted = 5 << 20
)

// growth writes what makes much WAL of few samples: series with long labels.
type growth struct {
	w      *service.Writer
	series int
}

// samples returns those of some more series.
func (g *growth) samples(t *testing.T, n int) []service.Sample {
	t.Helper()
	value := strings.Repeat("x", 900)
	samples := make([]service.Sample, n)
	for i := range samples {
		g.series++
		labels := service.Labels{"n": strconv.Itoa(g.series), "a": value, "b": value, "c": value,
			"d": value}
		samples[i] = service.Sample{Series: series(t, g.w, "long", "wan", labels), Time: time.Now()}
	}
	return samples
}

// write commits some more series, and returns how long that took.
func (g *growth) write(t *testing.T, n int) time.Duration {
	t.Helper()
	start := time.Now()
	write(t, g.w, g.samples(t, n)...)
	return time.Since(start)
}

// overlap keeps readers on the file that never pause: each stays for three quarters of a second,
// and the next one comes before it goes. Nobody is left when the result has been called.
func overlap(t *testing.T, path string) (stop func()) {
	t.Helper()
	stopping, stopped := make(chan struct{}), make(chan struct{})
	release := filetest.Hold(t, path)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stopping:
				release()
				return
			case <-time.After(250 * time.Millisecond):
			}
			next := filetest.Hold(t, path)
			time.Sleep(250 * time.Millisecond)
			release()
			release = next
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

// growing opens a writer for a WAL to grow by.
func growing(t *testing.T, path string) (*service.Writer, *growth, *logged) {
	t.Helper()
	log := &logged{}
	options := quiet()
	options.Logger = log.logger()
	grow := &growth{w: open(t, service.Config{DBPath: path}, options)}
	grow.write(t, 1)
	return grow.w, grow, log
}

func walSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Readers of which there is always one keep the WAL from restarting only until it has reached its
// limit.
func TestWALUnderReadersThatOverlap(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, grow, log := growing(t, path)
		stop := overlap(t, path)
		defer stop()
		var largest int64
		restarts, before := 0, int64(0)
		for range 50 {
			if took := grow.write(t, 100); took > 2*time.Second {
				t.Errorf("a Write took %s, want two seconds at most", took)
			}
			time.Sleep(100 * time.Millisecond)
			size := walSize(t, path)
			if size < before {
				restarts++
			}
			largest, before = max(largest, size), size
		}
		status := w.Status()
		t.Logf("the WAL had up to %d bytes and restarted %d times, %d holds of up to %s",
			largest, restarts, status.Holds, status.LongestHold)
		if restarts < 2 || largest > walLimit+walLimit/4 {
			t.Errorf("the WAL had up to %d bytes and restarted %d times", largest, restarts)
		}
		if status.Holds == 0 || status.LongestHold > 2*time.Second {
			t.Errorf("%d holds of up to %s, want some of up to two seconds", status.Holds,
				status.LongestHold)
		}
		if lines := log.lines(); len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
	})
}

// A reader that stays for longer is not waited for longer than bearable, and not all the time.
func TestWALUnderAReaderThatStays(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, grow, log := growing(t, path)
		release := filetest.Hold(t, path)
		for _, want := range []time.Duration{2 * time.Second, 4 * time.Second} {
			for holds := w.Status().Holds; w.Status().Holds == holds; {
				grow.write(t, 250)
				time.Sleep(time.Second)
			}
			if got := w.Status().LongestHold.Round(time.Second); got != want {
				t.Errorf("commits were held back for %s, want %s", got, want)
			}
		}
		release()
		for range 12 {
			grow.write(t, 100)
		}
		if size := walSize(t, path); size > walRestarted {
			t.Errorf("the WAL has %d bytes after the reader has gone", size)
		}
		lines := log.lines()
		for i := range lines {
			lines[i], _, _ = strings.Cut(lines[i], " bytes=")
		}
		if diff := cmp.Diff([]string{
			"WARN readers keep the WAL from restarting, it goes on growing",
			"INFO the WAL has restarted",
		}, lines); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	})
}

// pin writes what makes the writer hold its commits back, behind a reader that stays until release
// is called.
func pin(t *testing.T, w *service.Writer) (release func(), written <-chan error) {
	t.Helper()
	grow := growth{w: w}
	grow.write(t, 1)
	release = filetest.Hold(t, w.Path())
	for walSize(t, w.Path()) < walLimit-2<<20 {
		grow.write(t, 100)
	}
	samples := grow.samples(t, 600) // more than is left, and than there is between two checkpoints
	result := make(chan error, 1)
	go func() { result <- w.Write(t.Context(), samples...) }()
	synctest.Wait()
	return release, result
}

// Samples are not held back until there is no room for the next ones.
func TestHoldEndsBeforeTheQueueIsFull(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, QueueSize: 1000}, quiet())
		release, written := pin(t, w)
		defer release()
		s := rtt(t, w)
		for range 200 { // 10,000 a second
			w.Record(run(s, 100, time.Now(), time.Microsecond)...)
			time.Sleep(10 * time.Millisecond)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
		status := w.Status()
		if status.Dropped.QueueFull != 0 || status.Holds != 1 ||
			status.LongestHold > 100*time.Millisecond {
			t.Errorf("%d samples dropped, %d holds of up to %s", status.Dropped.QueueFull, status.Holds,
				status.LongestHold)
		}
	})
}

// A close is not held up, and commits what was held back.
func TestCloseWhileCommitsAreHeld(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		release, written := pin(t, w)
		defer release()
		if err := <-written; err != nil { // the commit that began the hold
			t.Error(err)
		}
		w.Record(run(rtt(t, w), 10, time.Now(), time.Millisecond)...)
		time.Sleep(1250 * time.Millisecond)
		const count = "SELECT count(*) FROM " + filetest.RawSamples +
			" AS r JOIN series AS s ON s.id = r.series_id WHERE s.metric_name = ?"
		if n := filetest.Int(t, path, count, service.RTT); n != 0 {
			t.Errorf("%d samples were committed, want none while commits are held back", n)
		}
		start := time.Now()
		shut(t, w)
		if took := time.Since(start); took > 0 {
			t.Errorf("the close took %s", took)
		}
		if n := filetest.Int(t, path, count, service.RTT); n != 10 {
			t.Errorf("%d samples stored, want 10", n)
		}
	})
}
