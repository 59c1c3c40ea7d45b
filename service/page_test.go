package service_test

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What is recorded at the end of time does not move the pages behind the first one, also where it
// begins another series in the last step. A sample that comes late moves them by one: then a point
// comes twice, and none is missed.
func TestPagesWhileTheHistoryGrows(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	s, other := rtt(t, w), series(t, w, service.RTT, "att", nil)
	end := time.Now().Truncate(time.Minute).Add(-time.Minute)
	write(t, w, run(s, 6, end.Add(2*time.Second), 10*time.Second)...)
	h := history(t, w.Path())
	for name, step := range map[string]time.Duration{"samples": 0, "steps": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			query := service.Query{From: end.Add(-time.Hour), Until: end.Add(time.Hour), Step: step,
				NewestFirst: true}
			first := page(t, h, query, 0)
			query.Until = first.Until
			second := page(t, h, query, 3)
			newest := first.Until.Add(time.Second)
			write(t, w, service.Sample{Series: other, Time: newest})
			if again := page(t, h, query, 3); again.Total != second.Total ||
				again.Points[0].Time != second.Points[0].Time {
				t.Errorf("after a newer sample %d points and %+v, want %d and %+v",
					again.Total, again.Points[0], second.Total, second.Points[0])
			}
			late := service.Sample{Series: other, Time: first.Points[2].Time.Add(time.Second)}
			write(t, w, late)
			if again := page(t, h, query, 3); again.Total != second.Total+1 ||
				again.Points[1].Time != second.Points[0].Time {
				t.Errorf("after a late sample %d points and %+v, want %d and %+v",
					again.Total, again.Points[1], second.Total+1, second.Points[0])
			}
		})
	}
}

// page returns three points of an answer.
func page(t *testing.T, h *service.History, query service.Query, offset int) service.Page {
	t.Helper()
	p, err := h.Page(t.Context(), query, 3, offset)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Points) != 3 {
		t.Fatalf("%d points: %+v", len(p.Points), p)
	}
	return p
}
