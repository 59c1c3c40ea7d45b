package service_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What makes no progress is not heard of, what fails but goes on is.
func TestPing(t *testing.T) {
	path := filetest.Path(t)
	disk := diskOf(t, path)
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		goOn := make(chan struct{})
		options := quiet()
		options.Watchdog = func() {
			if hangs.Load() {
				<-goOn
			}
		}
		w := open(t, service.Config{DBPath: path}, options)
		s := rtt(t, w)
		ping := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			return w.Ping(ctx)
		}
		want(t, ping(), nil)

		disk.SetCapacity(128 << 10)
		w.Record(numbered(s, 0, 9_999)...)
		after(time.Minute)
		ails(t, "without room", w.Health(), service.WriterStuck, service.DiskFull)
		want(t, ping(), nil)
		disk.SetCapacity(0)
		after(2 * time.Second)

		hangs.Store(true)
		ended := make(chan error, 1)
		go func() {
			_, err := w.Maintain(t.Context())
			ended <- err
		}()
		synctest.Wait()
		want(t, ping(), context.DeadlineExceeded)
		hangs.Store(false)
		close(goOn)
		want(t, <-ended, nil)
		want(t, ping(), nil)

		want(t, w.Close(t.Context()), nil)
		want(t, ping(), service.ErrClosed)
	})
}
