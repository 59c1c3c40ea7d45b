// Package recorded lets recordings of real lines go in, age and come out: at every stop each tier
// must equal what the samples of its span come to, computed straight from the recording.
package recorded

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// days is how long the recordings age, hour by hour.
const days = 30

func TestStarlink(t *testing.T) { age(t, "fjordlink_starlink.csv.gz") }

func TestCellular(t *testing.T) { age(t, "fjordlink_5g.csv.gz") }

// age imports a recording and lets it age. Time is simulated, so that nothing waits for the pauses
// between two steps.
func age(t *testing.T, file string) {
	t.Helper()
	path, rows := read(t, file)
	t.Parallel() // a minute of work each under the race detector
	history := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		a := aging{t: t, now: rows[len(rows)-1].at}
		a.open(history)
		defer a.close()
		a.fill(path, rows)
		for hour := range days*24 + 1 {
			a.look(hour)
			a.now = a.now.Add(time.Hour)
		}
	})
}

// aging is a history whose clock is moved between two passes of maintenance.
type aging struct {
	t   *testing.T
	now time.Time

	w    *service.Writer
	h    *service.History
	sums *truth.Sums
	all  *truth.Truth
}

func (a *aging) open(history string) {
	a.t.Helper()
	var err error
	a.w, err = service.OpenWriter(a.t.Context(), service.Config{DBPath: history, RetentionDays: 365},
		service.Options{
			Logger:        slog.New(slog.DiscardHandler),
			Now:           func() time.Time { return a.now },
			TrustClock:    true,
			NoMaintenance: true,
		})
	if err != nil {
		a.t.Fatal(err)
	}
	if a.h, err = service.OpenHistory(a.t.Context(), history); err != nil {
		a.t.Fatal(err)
	}
	a.sums = truth.OpenSums(a.t, history)
}

func (a *aging) close() {
	if err := errors.Join(a.sums.Close(), a.h.Close(), a.w.Close(context.Background())); err != nil {
		a.t.Error(err)
	}
}

// fill imports the recording, and writes the states that are derived from it.
func (a *aging) fill(path string, rows []measurement) {
	a.t.Helper()
	result, err := importer.CSV(a.t.Context(), a.w, path, importer.Options{})
	if err != nil {
		a.t.Fatal(err)
	}
	if n := int64(len(rows)); result.Read != n || result.Stored != n {
		a.t.Errorf("%d rows were read and %d stored, want %d: %+v", result.Read, result.Stored, n, result)
	}
	states := derivedStates(rows)
	record(a.t, a.w, states)
	a.all = truthOf(append(rows, states...))
}

// closely is when to look at every bucket: around the ages of the tiers, 1 hour, 1 day and 7 days,
// and at the end.
var closely = []int{0, 1, 2, 12, 24, 25, 36, 168, 169, 180, days * 24}

// steps in which the whole history is asked for.
var steps = []time.Duration{0, time.Minute, 5 * time.Minute, 7 * time.Minute, time.Hour,
	24 * time.Hour}

// look does what is due and compares what every tier comes to with the recording; now and then
// every single bucket, and what History says of the whole.
func (a *aging) look(hour int) {
	a.t.Helper()
	if _, err := a.w.Maintain(a.t.Context()); err != nil {
		a.t.Fatal(err)
	}
	a.sums.Check(a.t, a.all)
	if slices.Contains(closely, hour) {
		status := a.all.CheckTiers(a.t, a.h)
		for _, step := range steps {
			a.all.CheckRange(a.t, a.h, status, step)
		}
	}
	if a.t.Failed() {
		a.t.Fatalf("%d hours after the end of the recording", hour)
	}
}

// record writes what is not in the recording.
func record(t *testing.T, w *service.Writer, rows []measurement) {
	t.Helper()
	var samples []service.Sample
	for _, row := range rows {
		series, err := w.Series(row.metric, row.wan, row.labels)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, service.Sample{Series: series, Time: row.at, Value: row.value})
	}
	if err := w.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
}
