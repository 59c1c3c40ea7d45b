package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A query without an end ends now, whatever it is asked of.
func TestQueryWithoutEnd(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, silent())
		series := rtt(t, w)
		now := time.Now()
		for _, at := range []time.Time{now.Add(-2 * time.Minute), now.Add(-time.Minute),
			now.Add(30 * time.Second)} {
			if err := w.Write(t.Context(), service.Sample{Series: series, Time: at, Value: 1}); err != nil {
				t.Fatal(err)
			}
		}
		h, err := service.OpenHistory(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		query := service.Query{From: now.Add(-time.Hour)}
		points := 0
		for _, err := range h.Range(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			points++
		}
		list, err := h.Summarize(t.Context(), query)
		if err != nil || len(list) != 1 || list[0].Count != 2 || list[0].Width != time.Hour {
			t.Errorf("summaries %+v, %v", list, err)
		}
		page, err := h.Page(t.Context(), query, 10, 0)
		if err != nil || points != 2 || len(page.Points) != 2 || page.Until.After(now) {
			t.Errorf("%d points, page %+v, %v; want what is before now", points, page, err)
		}
		if _, err := h.Summarize(t.Context(), service.Query{From: now.Add(time.Second)}); err == nil {
			t.Error("a query from the future to now is answered")
		}
	})
}

// A writer's own history is one like any other: it outlives the writer.
func TestHistoryOfAWriter(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	h, err := w.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	write(t, w, numbered(rtt(t, w), 1, 3)...)
	shut(t, w)
	points, err := h.Latest(t.Context(), service.Filter{})
	if err != nil || len(points) != 1 || points[0].Value != 3 {
		t.Errorf("newest points %+v, %v; want one of value 3", points, err)
	}
}
