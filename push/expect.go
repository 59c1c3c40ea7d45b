package push

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// expected is what a target should have of a series in a window.
type expected struct {
	series  *derived
	samples int64  // at the least
	minutes uint64 // of the hour in which the window begins: those of its buckets
	known   bool   // some was missing before, and was sent again
}

// expectation is what a target should have in a window, by metric and then by the other labels.
type expectation struct {
	window span
	names  map[string]map[string]*expected
	labels map[string]bool // the names of all labels in it
}

// expect counts what the file has of an interval in a window, apart from what is known not to be
// there.
func (c *catalog) expect(
	ctx context.Context, view *service.Snapshot, target string, i interval, window span,
) (expectation, error) {
	g := i.Granularity
	e := expectation{window, map[string]map[string]*expected{}, map[string]bool{}}
	last := map[*derived]int64{}
	query := service.BucketQuery{
		Series: view.Series(), Granularity: g, From: window.from, Until: window.until,
		Sketches: c.naming.percentiles && g != service.Raw,
	}
	for b, err := range view.Buckets(ctx, query) {
		if err != nil {
			return e, err
		}
		stamp := stampOf(g, b.Time)
		c.parts(g, b, func(d *derived, _ float64) {
			if before, met := last[d]; d.alike || met && before == stamp {
				return // it is not sent, or is a raw sample of the same millisecond
			}
			last[d] = stamp
			e.add(d, b.Time)
		})
	}
	return e, e.takeOff(ctx, view, target, i)
}

func (e *expectation) add(d *derived, at time.Time) {
	key, names := labelKey(d.encoded)
	of := e.names[d.name]
	if of == nil {
		of = map[string]*expected{}
		e.names[d.name] = of
	}
	one := of[key]
	if one == nil {
		one = &expected{series: d}
		of[key] = one
		for _, name := range names {
			e.labels[name] = true
		}
	}
	one.samples++
	if n := at.Sub(e.window.from.Truncate(time.Hour)) / time.Minute; n < 60 {
		one.minutes |= 1 << n
	}
}

// takeOff takes off what waits to be sent again and what the target does not take.
func (e *expectation) takeOff(
	ctx context.Context, view *service.Snapshot, target string, i interval,
) error {
	g := i.Granularity
	first := e.window.from.Truncate(time.Hour)
	rows, err := view.Parked(ctx, target, first, e.window.until, allRows)
	if err != nil {
		return err
	}
	for _, of := range e.names {
		for _, one := range of {
			for _, p := range rows {
				if p.Granularity == g && p.SeriesID == one.series.series && p.Name == one.series.name {
					one.samples -= p.Samples
					one.known = one.known || wasSentAgain(p, i)
				}
			}
		}
	}
	marks, err := view.Unsent(ctx, target, first, e.window.until, allRows)
	if err != nil {
		return err
	}
	for _, of := range e.names {
		for _, one := range of {
			one.samples -= waiting(marks, g, one, e.window)
		}
	}
	return nil
}

// wasSentAgain reports that what is parked says that samples were missing, and that an interval was
// sent again for it and has not been audited since. What was there at an audit, and is missing at
// the next one, was lost since.
func wasSentAgain(p service.ParkedSamples, i interval) bool {
	after := i.Sent.Sub(p.Refused)
	return p.Reason == wasMissing && i.Audits == 0 && isLate(i) && after > 0 && after < secondAge
}

// waiting is how many buckets of a series in a window are marked.
func waiting(
	marks []service.UnsentBuckets, g service.Granularity, of *expected, window span,
) int64 {
	var buckets int64
	for _, m := range marks {
		if m.Granularity != g || m.SeriesID != of.series.series && m.SeriesID != 0 {
			continue
		}
		for n := range 60 {
			at := m.Hour.Add(time.Duration(n) * time.Minute)
			if m.Minutes&(1<<n) != 0 && !at.Before(window.from) && at.Before(window.until) {
				buckets++
			}
		}
	}
	return buckets
}

// labelKey returns labels without the name of the metric, encoded, and their names.
func labelKey(encoded []byte) (key string, names []string) {
	var rest []byte
	for len(encoded) > 0 {
		size, n := binary.Uvarint(encoded[1:])
		whole := encoded[:1+n+int(size)]
		encoded = encoded[len(whole):]
		length, m := binary.Uvarint(whole[1+n+1:])
		name := whole[1+n+1+m:][:length]
		if !bytes.Equal(name, []byte(nameLabel)) {
			rest = append(rest, whole...)
			names = append(names, string(name))
		}
	}
	return string(rest), names
}

// keyOf returns the key of a series in an answer. Labels that the target has added do not count.
func (e *expectation) keyOf(metric map[string]string) string {
	var labels []label
	for name, value := range metric {
		if e.labels[name] {
			labels = append(labels, label{name, value})
		}
	}
	slices.SortFunc(labels, byName)
	return string(encodeLabels(labels))
}

// counts returns how many samples each series of an answer has, by the keys of the expectation.
func (e *expectation) counts(list []counted) (map[string]int64, error) {
	has := map[string]int64{}
	for _, one := range list {
		samples, err := one.samples()
		if err != nil {
			return nil, err
		}
		has[e.keyOf(one.Metric)] += samples
	}
	return has, nil
}

// less returns the series of a metric of which a target has less than is expected.
func (e *expectation) less(name string, has map[string]int64) []missing {
	var less []missing
	for _, key := range slices.Sorted(maps.Keys(e.names[name])) {
		if one := e.names[name][key]; has[key] < one.samples {
			less = append(less, missing{one, e.window, one.samples - has[key]})
		}
	}
	return less
}
