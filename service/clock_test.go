package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A clock that stands still, as one given from outside may, does not make maintenance run all the
// time.
func TestClockThatStandsStill(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		// just before a pass is due
		now := time.Now().Truncate(time.Minute).Add(10*time.Second - time.Millisecond)
		options := silent()
		options.Now = func() time.Time { return now }
		w := open(t, service.Config{DBPath: path}, options)
		after(10 * time.Minute)
		if got := w.Status().Passes; got > 22 {
			t.Errorf("%d passes in ten minutes, want at most two a minute", got)
		}
	})
}
