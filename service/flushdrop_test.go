package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A Flush says that what was recorded before it is in the file, so it must not say so when some of
// that has been dropped, also when its own mark was not.
func TestFlushSaysThatSamplesBeforeItWereDropped(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, QueueSize: 100}, quiet())
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		w.Record(numbered(s, 0, 9)...)
		after(1100 * time.Millisecond) // their commit waits for the lock
		w.Record(numbered(s, 10, 98)...)
		flushed := make(chan error, 1)
		go func() { flushed <- w.Flush(t.Context()) }()
		synctest.Wait()
		w.Record(numbered(s, 100, 149)...)
		release()
		want(t, <-flushed, service.ErrDropped)

		w.Record(numbered(s, 150, 150)...)
		if err := w.Flush(t.Context()); err != nil {
			t.Errorf("a flush after which nothing was dropped: %v", err)
		}
		after(time.Second)
	})
}
