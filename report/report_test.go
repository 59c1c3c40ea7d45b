package report_test

import (
	"encoding/json"
	"log/slog"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/report"
	"github.com/wanstore/wanstore/service"
)

const pace = 30 * time.Second

var paces = []time.Duration{pace, time.Minute, 3 * time.Minute, 5 * time.Minute}

// file is a history that is written at one moment.
type file struct {
	writer *service.Writer
	batch  []service.Sample
}

func newFile(t *testing.T, now time.Time) *file {
	t.Helper()
	writer, err := service.OpenWriter(t.Context(),
		service.Config{DBPath: filetest.Path(t), RetentionDays: 60},
		service.Options{
			Logger: slog.New(slog.DiscardHandler), NoMaintenance: true,
			Now: func() time.Time { return now }, TrustClock: true,
		})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close(t.Context()) })
	return &file{writer: writer}
}

// add adds a sample.
func (f *file) add(t *testing.T, metric, wan string, at time.Time, value float64) {
	t.Helper()
	series, err := f.writer.Series(metric, wan, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.batch = append(f.batch, service.Sample{Series: series, Time: at, Value: value})
	if len(f.batch) == 10_000 {
		f.write(t)
	}
}

func (f *file) write(t *testing.T) {
	t.Helper()
	if err := f.writer.Write(t.Context(), f.batch...); err != nil {
		t.Fatal(err)
	}
	f.batch = f.batch[:0]
}

// make rolls everything up that is due, and makes the report.
func (f *file) make(t *testing.T, query report.Query) report.Report {
	t.Helper()
	f.write(t)
	if _, err := f.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	history, err := f.writer.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	made, err := report.Make(t.Context(), history, query)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func month(t *testing.T, text, zone string, now time.Time) report.Query {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	from, until, err := report.ParseMonth(text, location, now)
	if err != nil {
		t.Fatal(err)
	}
	return report.Query{From: from, Until: until, Zone: location}
}

// A month with a day of 23 hours: what is constant adds up to what can be told by heart, whatever
// buckets are left; an outage is found, and a time without samples is none.
func TestMonth(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 31, 12, 0, 0, 0, time.UTC)
	query := month(t, "2025-03", "Europe/Berlin", now)
	f := newFile(t, now)
	at := func(day, hour, minute int) time.Time {
		return time.Date(2025, 3, day, hour, minute, 0, 0, query.Zone)
	}
	down := func(moment time.Time) bool { // of 3 hours, and of 7 minutes while there are minutes
		return !moment.Before(at(29, 10, 0)) && moment.Before(at(29, 13, 0)) ||
			!moment.Before(at(31, 10, 0)) && moment.Before(at(31, 10, 7))
	}
	for moment := at(27, 0, 0); moment.Before(now); moment = moment.Add(pace) {
		if !moment.Before(at(28, 6, 0)) && moment.Before(at(28, 18, 0)) {
			continue // nobody recorded
		}
		f.add(t, service.RateUpload, "cable", moment, 8)
		f.add(t, service.RateDownload, "cable", moment, 80)
		f.add(t, service.RateDownload, "lte", moment, 1)
		lost, state := 0.0, 0.0
		if down(moment) {
			lost, state = 1, 3
		} else {
			f.add(t, service.RTT, "cable", moment, 20)
		}
		f.add(t, service.State, "cable", moment, state)
		f.add(t, "wanctl_loss_ratio", "cable", moment, lost)
	}
	made := f.make(t, query)
	if len(made.WANs) != 2 || made.WANs[0].Name != "cable" || made.WANs[1].Name != "lte" {
		t.Fatalf("WANs %+v", made.WANs)
	}
	cable, lte := made.WANs[0], made.WANs[1]
	if len(cable.Days) != 31 {
		t.Fatalf("%d days", len(cable.Days))
	}
	for day, hours := range map[int]float64{1: 0, 26: 0, 27: 24, 28: 12, 29: 24, 30: 23, 31: 14} {
		one := cable.Days[day-1]
		if date := time.Date(2025, 3, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly); date !=
			report.Date(one, made.Zone) {
			t.Errorf("day %d is %s", day, report.Date(one, made.Zone))
		}
		if got := one.Measured.Hours(); math.Abs(got-hours) > 0.02 {
			t.Errorf("day %d: %v hours were measured, want %v", day, got, hours)
		}
		if hours == 0 {
			if one.Download != nil || one.RTT != nil || one.Loss != nil || one.States != nil {
				t.Errorf("day %d: %+v of nothing", day, one)
			}
			continue
		}
		if got := *one.Download; math.Abs(got-hours*36) > 0.5 {
			t.Errorf("day %d: %v GB down, want %v", day, got, hours*36)
		}
		if got := *one.Upload; math.Abs(got-hours*3.6) > 0.05 {
			t.Errorf("day %d: %v GB up, want %v", day, got, hours*3.6)
		}
	}
	if got := *cable.Days[28].Loss; math.Abs(got-3.0/24) > 1e-3 {
		t.Errorf("loss %v, want %v", got, 3.0/24)
	}
	if got := *cable.Days[28].Quantile(0.95); math.Abs(got-20) > 0.3 {
		t.Errorf("p95 %v, want 20", got)
	}
	if got := cable.Days[28].States[1]; got.Name != "RED" || math.Abs(got.Share-3.0/24) > 1e-3 {
		t.Errorf("states %+v", got)
	}
	checkOutages(t, cable, []report.Outage{
		{From: at(29, 10, 0), Until: at(29, 13, 0), Granularity: 5 * time.Minute},
		{From: at(31, 10, 0), Until: at(31, 10, 7), Granularity: time.Minute},
	})
	if lte.Total.Loss != nil || lte.Total.RTT != nil || len(lte.Outages) > 0 {
		t.Errorf("of rates alone: %+v", lte.Total)
	}
	checkSums(t, made)
}

func checkOutages(t *testing.T, wan report.WAN, want []report.Outage) {
	t.Helper()
	if len(wan.Outages) != len(want) {
		t.Fatalf("outages %+v, want %+v", wan.Outages, want)
	}
	for i, got := range wan.Outages {
		if !got.From.Equal(want[i].From) || !got.Until.Equal(want[i].Until) ||
			got.Granularity != want[i].Granularity || got.WorstRTT == nil || *got.WorstRTT != 20 {
			t.Errorf("outage %+v, want %+v", got, want[i])
		}
	}
}

// failing is a test, or a part of one.
type failing interface {
	Helper()
	Errorf(format string, args ...any)
}

// checkSums wants the days to add up to the whole.
func checkSums(t failing, made report.Report) {
	t.Helper()
	for _, wan := range made.WANs {
		var measured, down time.Duration
		var gb, samples float64
		var outages int
		next := made.From
		for _, day := range wan.Days {
			if !day.From.Equal(next) || day.Measured > day.Until.Sub(day.From)+time.Hour {
				t.Errorf("%s: %+v after %s", wan.Name, day, next)
			}
			next = day.Until
			measured += day.Measured
			down += day.OutageTime
			outages += day.Outages
			if day.Download != nil {
				gb += *day.Download
			}
			for _, state := range day.States {
				samples += float64(state.Count)
			}
		}
		total, listed := wan.Total, time.Duration(0)
		for _, outage := range wan.Outages {
			listed += outage.Until.Sub(outage.From)
		}
		for _, state := range total.States {
			samples -= float64(state.Count)
		}
		if total.Download != nil {
			gb -= *total.Download
		}
		if !next.Equal(made.Until) || measured != total.Measured || down != total.OutageTime ||
			listed != down || outages != len(wan.Outages) || outages != total.Outages ||
			math.Abs(gb) > 1e-9 || samples != 0 {
			t.Errorf("%s: the days are not %+v: %s measured, %v GB and %v samples over, %d outages of %s",
				wan.Name, total, measured, gb, samples, outages, down)
		}
	}
}

// Whatever was recorded at whatever pace, in whatever zone: days add up to the month, and what was
// measured is about what was recorded.
func TestDaysAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		now := time.Date(2025, 10, 29, 12, 34, 56, 0, time.UTC)
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Asia/Kathmandu"}).Draw(r, "zone")
		query := month(t, "2025-10", zone, now)
		f := newFile(t, now)
		defer func() { _ = f.writer.Close(t.Context()) }()
		at, stretches := now.Add(-5*24*time.Hour), rapid.IntRange(1, 4).Draw(r, "stretches")
		recorded, states := time.Duration(0), rapid.SampledFrom([]float64{0, 1, 3})
		for range stretches {
			pace := rapid.SampledFrom(paces).Draw(r, "pace")
			long := time.Duration(rapid.IntRange(60, 400).Draw(r, "minutes")) * time.Minute
			state, answered := states.Draw(r, "state"), rapid.Bool().Draw(r, "answered")
			end := at.Add(long)
			for ; at.Before(end) && at.Before(now); at = at.Add(pace) {
				recorded += pace
				f.add(t, service.RateDownload, "cable", at, 8)
				f.add(t, service.State, "cable", at, state)
				if answered {
					f.add(t, service.RTT, "cable", at, float64(at.Unix()%40))
				}
			}
			at = at.Add(time.Duration(rapid.IntRange(0, 600).Draw(r, "gap")) * time.Minute)
		}
		made := f.make(t, query)
		checkSums(r, made)
		// At either end of a stretch some of the widest buckets may be taken for full ones.
		off := made.WANs[0].Total.Measured - recorded
		if off.Abs() > time.Duration(stretches)*2*time.Hour {
			r.Errorf("%s were measured of %s", made.WANs[0].Total.Measured, recorded)
		}
	})
}

// Where nothing was recorded, there is no WAN and JSON has a list without any.
func TestNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 31, 12, 0, 0, 0, time.UTC)
	f := newFile(t, now)
	f.add(t, service.State, "cable", now, 0)
	made := f.make(t, month(t, "2025-02", "UTC", now))
	text, err := json.Marshal(made)
	if want := `{"from":1738368000,"to":1740787200,"wans":[]}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
}

func TestParseMonth(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 31, 22, 30, 0, 5, time.UTC)
	query := month(t, "", "Europe/Berlin", now) // where it is April
	if got := query.From.Format(time.RFC3339); got != "2025-03-31T22:00:00Z" {
		t.Errorf("from %s", got)
	}
	if got := query.Until; !got.Equal(now.Truncate(time.Second)) {
		t.Errorf("until %s", got)
	}
	for _, text := range []string{"2025-13", "2025", "march", "2025-04", "2025-03-01", "9999-01"} {
		if _, _, err := report.ParseMonth(text, time.UTC, now); err == nil {
			t.Errorf("%q is a month", text)
		}
	}
}
