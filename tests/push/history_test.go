package push

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// measurement is a sample as it goes into a history.
type measurement struct {
	at          time.Time
	metric, wan string
	labels      service.Labels
	value       float64
}

// keep is how long the histories of these tests keep their minutes.
const keep = 40 * 24 * time.Hour

// record writes measurements into the history at path, which is made where there is none, and rolls
// them up.
func record(t testing.TB, path string, list []measurement) {
	t.Helper()
	recordBy(t, path, list, time.Now())
}

// recordBy does so at a moment at which the last of them have just been measured.
func recordBy(t testing.TB, path string, list []measurement, now time.Time) {
	t.Helper()
	days := service.Days(2 * keep / (24 * time.Hour))
	w, err := service.OpenWriter(t.Context(),
		service.Config{DBPath: path, RetentionDays: days, Keep1m: keep, Keep5m: keep},
		service.Options{
			Logger: slog.New(slog.DiscardHandler), TrustClock: true, NoMaintenance: true,
			Now: func() time.Time { return now.Add(time.Minute) }, // the last bucket is closed
		})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var samples []service.Sample
	for _, m := range list {
		series, err := w.Series(m.metric, m.wan, m.labels)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, service.Sample{Series: series, Time: m.at, Value: m.value})
	}
	if err := w.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// seven are the series of an ordinary site.
var seven = []string{service.RTT, service.RTTBaseline, service.RTTDelta, service.RTTJitter,
	service.RateDownload, service.RateUpload, service.State}

// lived makes up what a site of seven series has seen from one moment to another: a sample each 20
// s, with gaps.
func lived(random *rand.Rand, from, until time.Time) []measurement {
	var list []measurement
	for at := from; at.Before(until); at = at.Add(20 * time.Second) {
		for i, metric := range seven {
			m := measurement{at: at.Add(time.Duration(random.IntN(20)) * time.Second), metric: metric,
				wan: "wan1", value: 20 * math.Exp(random.NormFloat64())}
			if random.IntN(100) == 0 || !m.at.Before(until) {
				continue // a sample is missing, or belongs to the next part
			}
			switch {
			case metric == service.State:
				m.value = float64(random.IntN(4))
			case i == 1:
				m.labels = service.Labels{"tech": "LTE"}
			}
			list = append(list, m)
		}
		if random.IntN(300) == 0 {
			at = at.Add(time.Duration(random.IntN(900)) * time.Second) // the recorder was off
		}
	}
	return list
}

// closed is the end of the last minute that surely has been closed and has settled.
func closed() time.Time { return time.Now().Add(-5 * time.Minute).Truncate(time.Minute) }

// site is the label of the sites of these tests.
const site = "here"

// bucket is what the samples of a series come to in a minute.
type bucket struct {
	count         int
	sum, min, max float64
	states        map[float64]int
}

func (b *bucket) add(value float64) {
	if b.count == 0 {
		b.min, b.max, b.states = value, value, map[float64]int{}
	}
	b.count++
	b.sum += value
	b.min, b.max = min(b.min, value), max(b.max, value)
	b.states[value]++
}

// value is the mean, or the state with the most samples, the larger of a tie.
func (b *bucket) value(state bool) float64 {
	if !state {
		return b.sum / float64(b.count)
	}
	var mode float64
	for value, count := range b.states {
		if best := b.states[mode]; count > best || count == best && value > mode {
			mode = value
		}
	}
	return mode
}

// stateNames are those of service.State.
var stateNames = []string{"GREEN", "YELLOW", "SOFT_RED", "RED"}

// wanted returns what a receiver has to have of measurements, by the text of the labels and the
// moment, computed from the samples alone.
func wanted(list []measurement) map[string]map[int64]float64 {
	type place struct {
		metric, wan, labels string
		minute              int64
	}
	buckets, labels := map[place]*bucket{}, map[string]service.Labels{}
	for _, m := range list {
		key := place{m.metric, m.wan, fmt.Sprint(map[string]string(m.labels)), m.at.Unix() / 60}
		if buckets[key] == nil {
			buckets[key] = &bucket{}
		}
		buckets[key].add(m.value)
		labels[key.labels] = m.labels
	}
	all := map[string]map[int64]float64{}
	for key, b := range buckets {
		add := func(suffix string, value float64, more ...string) {
			set := map[string]string{"__name__": key.metric + suffix, "wan": key.wan, "site": site}
			for name, text := range labels[key.labels] {
				if text != "" { // receivers know no such labels
					set[name] = text
				}
			}
			for i := 0; i < len(more); i += 2 {
				set[more[i]] = more[i+1]
			}
			text := labelText(set)
			if all[text] == nil {
				all[text] = map[int64]float64{}
			}
			all[text][(key.minute+1)*60_000-1] = value
		}
		state := key.metric == service.State
		add("", b.value(state))
		add("_min", b.min)
		add("_max", b.max)
		add("_sum", b.sum)
		add("_count", float64(b.count))
		if state {
			for value, name := range stateNames {
				add("_ratio", float64(b.states[float64(value)])/float64(b.count), "state", name)
			}
		}
	}
	return all
}
