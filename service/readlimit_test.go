package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A caller that is slow to take the points of a question does not get the rest of them, and the
// next question is answered.
func TestRangeThatTakesTooLong(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		end := time.Now()
		write(t, w, run(rtt(t, w), 20_001, end, time.Millisecond)...)
		h := history(t, path)
		query := service.Query{From: end.Add(-time.Minute), Until: end.Add(time.Minute)}
		points, failed := 0, error(nil)
		for _, err := range h.Range(t.Context(), query) {
			if failed = err; err != nil {
				break
			}
			if points++; points == 1 {
				time.Sleep(service.ReadLimit + time.Second)
			}
		}
		want(t, failed, service.ErrReadTooLong)
		if points >= 20_001 {
			t.Errorf("got all %d points", points)
		}
		if got, err := h.Latest(t.Context(), service.Filter{}); err != nil || len(got) != 1 {
			t.Errorf("afterwards got %d points, %v", len(got), err)
		}
	})
}
