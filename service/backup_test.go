package service_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// While a writer records, rolls up and thins out without a pause, each backup is the history as it
// was after one commit: no sample is missing, and none is there twice, in whatever tiers they are
// by then.
func TestBackupIsOneMoment(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var clock atomic.Int64 // seconds since the beginning
	now := func() time.Time { return begin.Add(time.Duration(clock.Load()) * time.Second) }
	config := service.Config{DBPath: filetest.Path(t), RetentionDays: 365}
	options := quiet()
	options.Now, options.TrustClock = now, true
	w := open(t, config, options)

	const commit = 100 // samples, one a second
	ctx, cancel := context.WithCancel(t.Context())
	begun, ended := make(chan struct{}), make(chan int64)
	go func() {
		s := rtt(t, w)
		for commits := int64(0); ; commits++ {
			if ctx.Err() != nil {
				ended <- commits
				return
			}
			clock.Add(commit)
			err := w.Write(context.Background(), run(s, commit, now(), time.Second)...)
			if err == nil && commits%5 == 0 {
				_, err = w.Maintain(context.Background())
			}
			if err != nil {
				t.Error(err)
			}
			if commits == 100 {
				close(begun)
			}
		}
	}()
	<-begun
	var counts []int64
	source := history(t, config.DBPath)
	for range 5 {
		dest := filetest.Path(t)
		if _, err := source.Backup(t.Context(), dest); err != nil {
			t.Error(err)
			break
		}
		counts = append(counts, countUpToLast(t, dest, begin))
	}
	cancel()
	commits := <-ended
	for i, n := range counts {
		if n%commit != 0 || n < 100*commit || n > commits*commit || i > 0 && n < counts[i-1] {
			t.Errorf("the backups have %v samples, want a growing number of whole commits of %d, at most "+
				"%d of them",
				counts, commit, commits)
		}
	}
}

// countUpToLast returns how many samples a history has, which must be one for each second from
// begin to the last of them.
func countUpToLast(t *testing.T, path string, begin time.Time) int64 {
	t.Helper()
	list, err := history(t, path).Summarize(t.Context(),
		service.Query{From: begin, Until: begin.AddDate(1, 0, 0)})
	if err != nil || len(list) != 1 {
		t.Errorf("%d series, %v", len(list), err)
		return 0
	}
	if want := int64(list[0].LastTime.Sub(begin) / time.Second); list[0].Count != want {
		t.Errorf("%d samples up to %s, want %d", list[0].Count, list[0].LastTime, want)
	}
	return list[0].Count
}

// A backup takes the place of a history that was lost.
func TestBackupIsRecordedOn(t *testing.T) {
	lost, dest := filetest.Path(t), filepath.Join(filepath.Dir(filetest.Path(t)), "backup.db")
	w := open(t, service.Config{DBPath: lost}, quiet())
	end := time.Now()
	write(t, w, run(rtt(t, w), 100, end.Add(-time.Minute), time.Second)...)
	if _, err := history(t, lost).Backup(t.Context(), dest); err != nil {
		t.Fatal(err)
	}
	write(t, w, run(rtt(t, w), 5, end, time.Second)...) // not in it

	restored := open(t, service.Config{DBPath: dest}, quiet())
	write(t, restored, run(rtt(t, restored), 10, end, time.Second)...)
	if _, err := restored.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := history(t, dest).Summarize(t.Context(),
		service.Query{From: end.Add(-time.Hour), Until: end.Add(time.Hour)})
	if err != nil || len(list) != 1 || list[0].Count != 110 {
		t.Errorf("%+v, %v, want 110 samples", list, err)
	}
}
