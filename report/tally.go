package report

import (
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// tally is what is counted of a day, or of several: that of all is the sum of those of each.
type tally struct {
	measured         time.Duration
	download, upload volume
	states           map[float64]int64
	rtt              []*service.Distribution
	loss             mean
	outages          int
	outageTime       time.Duration
}

// volume is a number of Mbit, if there is any.
type volume struct {
	mbit float64
	some bool
}

// mean is a mean of so many samples.
type mean struct {
	sum   float64
	count int64
}

// mbitPerGB is how many Mbit make a GB.
const mbitPerGB = 8000

// addRate counts what a rate, in Mbit/s, makes in a time.
func (t *tally) addRate(metric string, rate float64, during time.Duration) {
	amount := volume{rate * during.Seconds(), true}
	switch metric {
	case service.RateDownload:
		t.download.merge(amount)
	case service.RateUpload:
		t.upload.merge(amount)
	}
}

// addSummary counts what a series did in a day.
func (t *tally) addSummary(s service.Summary) {
	switch s.Metric {
	case service.State:
		t.addStates(s.States)
	case service.RTT:
		t.rtt = append(t.rtt, s.Distribution)
	case service.LossRatio:
		t.loss.merge(mean{s.Avg * float64(s.Count), s.Count})
	}
}

func (t *tally) addStates(shares []service.StateShare) {
	if t.states == nil {
		t.states = map[float64]int64{}
	}
	for _, share := range shares {
		t.states[share.Value] += share.Count
	}
}

func (t *tally) merge(other tally) {
	t.measured += other.measured
	t.download.merge(other.download)
	t.upload.merge(other.upload)
	if t.states == nil {
		t.states = map[float64]int64{}
	}
	for value, count := range other.states {
		t.states[value] += count
	}
	t.rtt = append(t.rtt, other.rtt...)
	t.loss.merge(other.loss)
	t.outages += other.outages
	t.outageTime += other.outageTime
}

func (v *volume) merge(other volume) {
	v.mbit += other.mbit
	v.some = v.some || other.some
}

func (v *volume) value() *float64 {
	if !v.some {
		return nil
	}
	gb := v.mbit / mbitPerGB
	return &gb
}

func (m *mean) merge(other mean) {
	m.sum += other.sum
	m.count += other.count
}

func (m *mean) value() *float64 {
	if m.count == 0 {
		return nil
	}
	value := m.sum / float64(m.count)
	return &value
}

func (t *tally) stretch(from, until time.Time, names service.StateNames) Stretch {
	return Stretch{
		From: from, Until: until, Measured: t.measured,
		Download: t.download.value(), Upload: t.upload.value(),
		States: t.shares(names), RTT: service.MergeDistributions(t.rtt...), Loss: t.loss.value(),
		Outages: t.outages, OutageTime: t.outageTime,
	}
}

func (t *tally) shares(names service.StateNames) []StateShare {
	var all int64
	for _, count := range t.states {
		all += count
	}
	var shares []StateShare
	for _, value := range slices.Sorted(maps.Keys(t.states)) {
		count := t.states[value]
		shares = append(shares, StateShare{
			StateShare: service.StateShare{Value: value, Count: count,
				Share: float64(count) / float64(all)},
			Name: names[value],
		})
	}
	return shares
}
