package push

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Raw samples that come late are sent once, also where a chunk has less than a minute of them.
func TestLateRawSlowly(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.config.Granularity, w.config.ReplayRate = "raw", 1
		w.start()
		w.pass(10 * time.Minute)
		late := time.Now().Add(-5 * time.Minute).Truncate(time.Minute)
		for n := range 50 {
			w.writer.Record(service.Sample{
				Series: w.rtt, Time: late.Add(time.Duration(n)*time.Second + time.Millisecond),
			})
		}
		w.pass(10 * time.Minute)
		got := w.receiver.copy()[service.RTT+`{probe="tcp",site="berlin",wan="cable"}`]
		for n := range 50 {
			at := late.Add(time.Duration(n)*time.Second + time.Millisecond)
			if _, ok := got[at.UnixMilli()]; !ok {
				t.Fatalf("the receiver has nothing at %s", at)
			}
		}
		if status := w.status(); status.LateBuckets > 0 || status.Resent > 200 {
			t.Errorf("%d late, %d of %d samples were sent again", status.LateBuckets, status.Resent,
				status.Sent)
		}
	})
}

// Raw samples between two seconds are found, however little of time a chunk has.
func TestRawBetweenSeconds(t *testing.T) {
	w := newWorld(t, filetest.Path(t))
	defer w.close()
	at := time.Now().Add(-time.Hour).Truncate(time.Minute)
	for n := range 3 {
		w.writer.Record(service.Sample{
			Series: w.rtt, Time: at.Add(time.Duration(5*n)*time.Second + 700*time.Millisecond),
		})
	}
	must(t, w.writer.Flush(t.Context()))
	w.config.Granularity = "raw"
	sender, err := Open(t.Context(), w.writer, w.config, Options{})
	must(t, err)
	defer sender.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = sender.reader.view(ctx, func(view *service.Snapshot) error {
		must(t, sender.catalog.update(ctx, view))
		c, err := sender.catalog.gather(ctx, view, service.Raw, at, at.Add(time.Minute), 10, nil)
		if got := c.batch.size(); got != 3 {
			t.Errorf("%d samples, want 3", got)
		}
		return err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("it comes to no end")
	}
	must(t, err)
}

// A receiver, or a proxy, that ends each connection once it has answered is not asked again and
// again whether it is there.
func TestConnectionsEndAtOnce(t *testing.T) {
	in(t, func(w *world) {
		w.start()
		w.pass(5 * time.Minute)
		posts := 0
		w.receiver.mu.Lock()
		w.receiver.refuse = func(prompb.WriteRequest) (int, string, http.Header) {
			if posts++; posts > 1000 {
				return 0, "", nil
			}
			time.AfterFunc(time.Millisecond, w.sender.disconnected)
			return 0, "", nil
		}
		w.receiver.mu.Unlock()
		w.pass(10 * time.Minute)
		if posts > 400 {
			w.t.Errorf("%d POSTs in 10 minutes", posts)
		}
	})
}

// Audits find raw samples that were recorded between two milliseconds.
func TestRawBetweenMilliseconds(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.config.Granularity = "raw"
		time.Sleep(700*time.Millisecond + 312*time.Microsecond)
		w.pass(10 * time.Minute)
		w.start()
		w.pass(4 * time.Hour)
		_, _, report := w.sender.place.look()
		if report.Audit.Missing != 0 || report.Confirmed == 0 {
			t.Errorf("audits have found %+v", report)
		}
		if problems := w.sender.Health(); len(problems) > 0 {
			t.Errorf("health: %v", problems)
		}
	})
}
