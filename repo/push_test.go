package repo_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// minuteAt is the moment n minutes after start.
func minuteAt(n int) repo.Micros { return start.Add(time.Duration(n) * time.Minute) }

// sent has a target that was sent the first minutes of a tier.
func sent(t *testing.T, w *repo.Writer, g repo.Granularity, minutes int) {
	t.Helper()
	must(t, w.ChangePush(t.Context(), repo.PushChange{
		Target: "there", Begun: start, Report: "{}",
		Added: []repo.PushInterval{
			{Granularity: g, From: start, Until: minuteAt(minutes), Sent: minuteAt(60)},
		},
	}))
}

// rolled makes a file whose 1m tier is complete for an hour, with a sample of a series in each of
// the first ten minutes.
func rolled(t *testing.T) (*repo.Writer, *repo.Series) {
	t.Helper()
	w := open(t, filetest.Path(t))
	series := newSeries("rtt")
	add(t, w, every(60_000_000, start, minuteAt(10), series)...)
	rollMinutes(t, w, minuteAt(60))
	return w, series
}

func rollMinutes(t *testing.T, w *repo.Writer, now repo.Micros) {
	t.Helper()
	for more := true; more; {
		var err error
		_, more, err = w.RollUp(t.Context(), repo.Minute, now, 0)
		must(t, err)
	}
}

// look asks a view of a file.
func look(t *testing.T, w *repo.Writer, f func(*repo.Snapshot)) {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), w.Path())
	must(t, err)
	view, err := r.Snapshot(t.Context())
	must(t, err)
	f(view)
	must(t, errors.Join(view.Close(), r.Close()))
}

func unsent(t *testing.T, w *repo.Writer) (rows []repo.UnsentBuckets, changed int64) {
	t.Helper()
	look(t, w, func(view *repo.Snapshot) {
		var err error
		rows, err = view.Unsent(t.Context(), "there", 0, math.MaxInt64, 100)
		must(t, err)
		targets, err := view.PushTargets(t.Context())
		must(t, err)
		changed = targets[0].Changed
	})
	return rows, changed
}

// What is unsent is listed by the hours that begin in a span, all of it or so many rows.
func TestUnsentOfHours(t *testing.T) {
	w, _ := rolled(t)
	sent(t, w, repo.Minute, 20)
	var marked []repo.UnsentBuckets
	for n := range repo.Micros(12_000) {
		marked = append(marked, repo.UnsentBuckets{
			Hour: start + n*hour, Granularity: repo.Minute, SeriesID: 1, Minutes: 1,
		})
	}
	must(t, w.ChangePush(t.Context(), repo.PushChange{
		Target: "there", Revision: 1, Report: "{}", Marked: marked,
	}))
	look(t, w, func(view *repo.Snapshot) {
		for _, test := range []struct {
			from, until repo.Micros
			most, first int
			rows        int
		}{
			{0, math.MaxInt64, 100, 0, 100},
			{0, math.MaxInt64, -1, 0, 12_000},
			{start + 11_000*hour, start + 11_024*hour, -1, 11_000, 24},
			{start + 12_000*hour, math.MaxInt64, -1, 0, 0},
		} {
			rows, err := view.Unsent(t.Context(), "there", test.from, test.until, test.most)
			must(t, err)
			want := marked[test.first : test.first+test.rows]
			if diff := cmp.Diff(want, rows, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%+v: (-want +got):\n%s", test, diff)
			}
		}
	})
}

// A bucket that a late sample makes where a target was sent the others is marked, one that it only
// changes is counted, and one that has not been sent is neither.
func TestLateBuckets(t *testing.T) {
	w, series := rolled(t)
	sent(t, w, repo.Minute, 20)
	second := newSeries("rtt_2")
	add(t, w,
		repo.Sample{Series: series, TS: minuteAt(5) + 1, Value: 1},  // changes a bucket
		repo.Sample{Series: series, TS: minuteAt(15) + 1, Value: 1}, // makes one
		repo.Sample{Series: series, TS: minuteAt(15) + 2, Value: 1}, // joins it: not sent yet
		repo.Sample{Series: series, TS: minuteAt(25), Value: 1},     // makes one that was never sent
		repo.Sample{Series: second, TS: minuteAt(3), Value: 1},
		repo.Sample{Series: second, TS: minuteAt(4), Value: 1},
	)
	want := []repo.UnsentBuckets{
		{Hour: start, Granularity: repo.Minute, SeriesID: 1, Minutes: 1 << 15},
		{Hour: start, Granularity: repo.Minute, SeriesID: 2, Minutes: 1<<3 | 1<<4},
	}
	rows, changed := unsent(t, w)
	if diff := cmp.Diff(want, rows); diff != "" || changed != 1 {
		t.Errorf("changed %d, unsent (-want +got):\n%s", changed, diff)
	}
	must(t, w.ChangePush(t.Context(), repo.PushChange{
		Target: "there", Revision: 1, Report: "{}",
		Cleared: []repo.UnsentBuckets{
			{Hour: start, Granularity: repo.Minute, SeriesID: 1, Minutes: 1 << 15},
			{Hour: start, Granularity: repo.Minute, SeriesID: 2, Minutes: 1 << 3},
		},
	}))
	rows, _ = unsent(t, w)
	want = []repo.UnsentBuckets{{Hour: start, Granularity: repo.Minute, SeriesID: 2, Minutes: 1 << 4}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("unsent after it was sent (-want +got):\n%s", diff)
	}
}

// Of states a bucket is new if it had no state before.
func TestLateStates(t *testing.T) {
	w := open(t, filetest.Path(t))
	state := newSeries("state")
	state.Aggregation = repo.Mode
	add(t, w, every(60_000_000, start, minuteAt(10), state)...)
	rollMinutes(t, w, minuteAt(60))
	sent(t, w, repo.Minute, 20)
	add(t, w,
		repo.Sample{Series: state, TS: minuteAt(5) + 1, Value: 77}, // another state of a bucket
		repo.Sample{Series: state, TS: minuteAt(12), Value: 1},
		repo.Sample{Series: state, TS: minuteAt(12) + 1, Value: 2},
	)
	rows, _ := unsent(t, w)
	want := []repo.UnsentBuckets{{Hour: start, Granularity: repo.Minute, SeriesID: 1,
		Minutes: 1 << 12}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("unsent (-want +got):\n%s", diff)
	}
}

// A raw sample that comes where the raw samples were sent has its minute sent, whether it becomes a
// row or, as the first of a series, part of a block.
func TestLateRawSamples(t *testing.T) {
	w, series := rolled(t)
	sent(t, w, repo.Raw, 70)
	other := newSeries("rtt_2")
	add(t, w, repo.Sample{Series: series, TS: minuteAt(5) + 1, Value: 1})
	add(t, w, every(30_000_000, minuteAt(59)+45_000_000, minuteAt(61), other)...)
	rows, _ := unsent(t, w)
	want := []repo.UnsentBuckets{
		{Hour: start, Granularity: repo.Raw, Minutes: 1<<5 | 1<<59},
		{Hour: minuteAt(60), Granularity: repo.Raw, Minutes: 1 << 0},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("unsent (-want +got):\n%s", diff)
	}
}

// A change goes on from what the file says, and from nothing else.
func TestPushMoved(t *testing.T) {
	w, _ := rolled(t)
	sent(t, w, repo.Minute, 20)
	again := repo.PushChange{Target: "there", Report: "{}"}
	if err := w.ChangePush(t.Context(), again); !errors.Is(err, repo.ErrPushMoved) {
		t.Errorf("a change from the beginning: %v", err)
	}
	again.Revision = 1
	must(t, w.ChangePush(t.Context(), again))
	if err := w.ChangePush(t.Context(), again); !errors.Is(err, repo.ErrPushMoved) {
		t.Errorf("the same change again: %v", err)
	}
}

// What is written of a target is read again; of a damaged interval nothing is, and where its own
// row is damaged the target is a new one.
func TestPushState(t *testing.T) {
	w, _ := rolled(t)
	parked := repo.ParkedSamples{
		Hour: start, Granularity: repo.Minute, SeriesID: 1, Name: "rtt_min", Samples: 3,
		Reason: "400: too long", Refused: minuteAt(61),
	}
	first := repo.PushInterval{Granularity: repo.Minute, From: start, Until: minuteAt(5),
		Sent: minuteAt(6), Confirmed: minuteAt(66), Audits: 1}
	second := repo.PushInterval{Granularity: repo.Hour, From: minuteAt(60), Until: minuteAt(120)}
	must(t, w.ChangePush(t.Context(), repo.PushChange{
		Target: "there", Begun: start, Report: `{"sent":1}`,
		Added: []repo.PushInterval{first, second}, Parked: []repo.ParkedSamples{parked, parked},
	}))
	check := func(want []repo.PushTarget) {
		t.Helper()
		look(t, w, func(view *repo.Snapshot) {
			got, err := view.PushTargets(t.Context())
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("targets (-want +got):\n%s", diff)
			}
		})
	}
	target := repo.PushTarget{Name: "there", Revision: 1, Begun: start, Report: `{"sent":1}`,
		Sent: []repo.PushInterval{first, second}}
	check([]repo.PushTarget{target})
	look(t, w, func(view *repo.Snapshot) {
		got, err := view.Parked(t.Context(), "there", start, minuteAt(60), 10)
		must(t, err)
		want := parked
		want.Samples = 6
		if diff := cmp.Diff([]repo.ParkedSamples{want}, got); diff != "" {
			t.Errorf("parked (-want +got):\n%s", diff)
		}
	})
	filetest.Exec(t, w.Path(), "UPDATE push_sent SET audits = 2, chk = 77 WHERE granularity = '1m'")
	target.Sent = target.Sent[1:]
	check([]repo.PushTarget{target})
	filetest.Exec(t, w.Path(), "UPDATE push_targets SET begun = 5, chk = 77")
	check(nil)
	must(t, w.ChangePush(t.Context(), repo.PushChange{Target: "there", Report: "{}"}))
	check([]repo.PushTarget{{Name: "there", Revision: 1, Report: "{}"}})
}

// Of a target that is forgotten nothing is left, and of another one everything.
func TestForgetPush(t *testing.T) {
	w, _ := rolled(t)
	for _, target := range []string{"there", "elsewhere"} {
		must(t, w.ChangePush(t.Context(), repo.PushChange{
			Target: target, Begun: start, Report: "{}",
			Added: []repo.PushInterval{
				{Granularity: repo.Minute, From: start, Until: minuteAt(5), Sent: minuteAt(6)},
			},
			Marked: []repo.UnsentBuckets{
				{Hour: start, Granularity: repo.Minute, SeriesID: 1, Minutes: 1},
			},
			Parked: []repo.ParkedSamples{
				{Hour: start, Granularity: repo.Minute, SeriesID: 1, Name: "rtt", Samples: 1},
			},
		}))
	}
	must(t, w.ForgetPush(t.Context(), "there"))
	must(t, w.ForgetPush(t.Context(), "nowhere"))
	for _, table := range []string{"push_targets", "push_sent", "push_unsent", "push_parked"} {
		rows := filetest.Query(t, w.Path(), "SELECT target FROM "+table)
		if diff := cmp.Diff([][]any{{"elsewhere"}}, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", table, diff)
		}
	}
	sent(t, w, repo.Minute, 20) // it may be sent to again
}

// One process at a time sends to a target.
func TestPushLock(t *testing.T) {
	w := open(t, filetest.Path(t))
	first, err := repo.LockPush(t.Context(), w.Path(), "there")
	must(t, err)
	if _, err := repo.LockPush(t.Context(), w.Path(), "there"); !errors.Is(err, repo.ErrPushLocked) {
		t.Errorf("a second sender: %v", err)
	}
	other, err := repo.LockPush(t.Context(), w.Path(), "elsewhere")
	must(t, err)
	must(t, errors.Join(first.Close(), first.Close(), other.Close()))
	again, err := repo.LockPush(t.Context(), w.Path(), "there")
	must(t, err)
	must(t, again.Close())
}
