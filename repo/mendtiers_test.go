package repo_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// Whatever a history has been through, what its tiers say is worked out again from its rows when
// that is damaged: no sample counts twice from then on, and none is missing.
func TestTiersWorkedOutAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &lived{t: rt, path: filepath.Join(t.TempDir(), "history.db"), now: start,
			accepted: map[string][]repo.Micros{}}
		l.open()
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			l.step()
		}
		l.close()
		for range rapid.IntRange(1, 4).Draw(rt, "damaged tiers") {
			l.damage()
		}
		l.compare("a reader")
		l.open()
		l.step()
		l.compare("a reader beside a writer")
		for range rapid.IntRange(1, 4).Draw(rt, "more steps") {
			l.step()
		}
		l.rollUp(math.MaxInt)
		l.compare("a reader after more")
		l.close()
	})
}

// lived is a history that has been through something, and what it should have.
type lived struct {
	t        *rapid.T
	path     string
	now      repo.Micros
	w        *repo.Writer
	accepted map[string][]repo.Micros // by metric
}

var livedSeries = []*repo.Series{
	newSeries("a"),
	{Key: repo.Key{MetricName: "b", WANName: "wan", Labels: "{}"}, Aggregation: repo.Mode},
}

func (l *lived) must(err error) {
	if err != nil {
		l.t.Helper()
		l.t.Fatal(err)
	}
}

func (l *lived) open() {
	w, err := repo.OpenWriter(l.t.Context(), l.path, repo.SynchronousNormal)
	l.must(err)
	l.w = w
}

func (l *lived) close() { l.must(l.w.Close()) }

func (l *lived) step() {
	switch rapid.IntRange(0, 5).Draw(l.t, "what") {
	case 0, 1:
		l.append()
	case 2:
		l.now += repo.Micros(rapid.Int64Range(0, int64(3*time.Hour/time.Microsecond)).Draw(l.t, "time"))
		l.append()
	case 3:
		l.rollUp(rapid.IntRange(1, 3).Draw(l.t, "levels"))
	case 4:
		l.rollUp(3)
		l.must(l.w.JudgeClock(l.t.Context(), func(c repo.Clock) repo.Clock {
			c.Trusted = l.now
			return c
		}))
		l.must(l.w.RaiseFloors(l.t.Context(), l.now))
	case 5:
		l.sweep()
	}
}

func (l *lived) append() {
	var samples []repo.Sample
	for range rapid.IntRange(1, 20).Draw(l.t, "samples") {
		back := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute,
			5 * time.Hour}).Draw(l.t, "reach")
		samples = append(samples, repo.Sample{
			Series: livedSeries[rapid.IntRange(0, 1).Draw(l.t, "series")],
			TS:     l.now - repo.Micros(rapid.Int64Range(0, back.Microseconds()).Draw(l.t, "ago")),
			Value:  float64(rapid.IntRange(0, 3).Draw(l.t, "value")),
		})
	}
	outcomes := make([]repo.Outcome, len(samples))
	l.must(l.w.Append(l.t.Context(), repo.Batch{Samples: samples, Latest: math.MaxInt64}, outcomes))
	for i, outcome := range outcomes {
		if outcome == repo.Stored || outcome == repo.StoredLate {
			metric := samples[i].Series.Key.MetricName
			l.accepted[metric] = append(l.accepted[metric], samples[i].TS)
		}
	}
}

func (l *lived) rollUp(levels int) {
	for to := repo.Minute; to <= repo.Hour && int(to) <= levels; to++ {
		for more := true; more; {
			var err error
			_, more, err = l.w.RollUp(l.t.Context(), to, l.now, 10*time.Second)
			l.must(err)
		}
	}
}

func (l *lived) sweep() {
	_, _, err := l.w.SweepSamples(l.t.Context())
	l.must(err)
	for g := repo.Minute; g <= repo.Hour; g++ {
		_, _, err := l.w.SweepRollups(l.t.Context(), g, new(repo.Sweep))
		l.must(err)
	}
}

func (l *lived) damage() {
	g := rapid.SampledFrom([]string{"raw", "1m", "5m", "1h"}).Draw(l.t, "damaged")
	statement := rapid.SampledFrom([]string{
		"UPDATE tiers SET watermark = watermark + 60000000 * 7 WHERE granularity = '%s'",
		"UPDATE tiers SET watermark = watermark - 1 WHERE granularity = '%s'",
		"UPDATE tiers SET floor = floor + 1024 WHERE granularity = '%s'",
		"UPDATE tiers SET floor = 0, watermark = 0, keep = 1 WHERE granularity = '%s'",
		"UPDATE tiers SET granularity = 'x' || granularity WHERE granularity = '%s'",
		"DELETE FROM tiers WHERE granularity = '%s'",
	}).Draw(l.t, "damage")
	l.must(filetest.Run(l.path,
		"DROP TRIGGER IF EXISTS tiers_by_hand; UPDATE tiers SET watermark = watermark + 1, "+
			"chk = chk + 1 WHERE granularity = '"+g+"';"+fmt.Sprintf(statement, g)))
}

// bucketAt is where samples count.
type bucketAt struct {
	metric string
	ts     repo.Micros
}

// compare counts what each tier has of the samples that were accepted: from its floor up to its
// watermark all of them.
func (l *lived) compare(who string) {
	r, err := repo.OpenReader(l.t.Context(), l.path)
	l.must(err)
	defer func() { l.must(r.Close()) }()
	s, err := r.Snapshot(l.t.Context())
	l.must(err)
	defer func() { l.must(s.Close()) }()
	for _, g := range repo.Granularities() {
		tier := s.Tiers[g]
		got, want := map[bucketAt]int64{}, map[bucketAt]int64{}
		for row, err := range s.Scan(s.Context(), g, s.Series, repo.Span{Until: math.MaxInt64}) {
			l.must(err)
			got[bucketAt{s.Series[row.SeriesID-1].Key.MetricName, row.TS}] += row.Count
		}
		for metric, list := range l.accepted {
			for _, ts := range list {
				if at := ts.AlignDown(g.Bucket()); at >= tier.Floor && (g == repo.Raw || ts < tier.Watermark) {
					want[bucketAt{metric, at}]++
				}
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(bucketAt{})); diff != "" {
			l.t.Fatalf("%s sees in %s (-want +got), tiers %v:\n%s", who, g, s.Tiers, diff)
		}
		if g > repo.Raw && tier.Floor > s.Tiers[g-1].Floor {
			l.t.Fatalf("%s: the floor of %s is above that of its source: %v", who, g, s.Tiers)
		}
	}
}
