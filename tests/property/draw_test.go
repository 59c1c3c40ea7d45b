package property

import (
	"math"

	"pgregory.net/rapid"
)

// endOfKeys is the moment, in 2286, from which on samples are in no block.
const endOfKeys micros = 1e16

// endOfIDs is the one, in 2112, from which on the view has no whole numbers as ids.
const endOfIDs = endOfKeys * 45 / 100

// draw makes a few samples with times from a source.
func (m *machine) draw(t *rapid.T, source func(*rapid.T) micros) []sample {
	list := make([]sample, rapid.IntRange(1, 8).Draw(t, "samples"))
	for i := range list {
		series := rapid.IntRange(0, len(world)-1).Draw(t, "series")
		list[i] = sample{series: series, ts: source(t), value: drawValue(t, world[series].mode)}
	}
	return list
}

func drawValue(t *rapid.T, state bool) float64 {
	switch {
	case rapid.IntRange(0, 30).Draw(t, "odd") == 0:
		return rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300}).Draw(t,
			"no value")
	case state:
		return float64(rapid.IntRange(0, 3).Draw(t, "state"))
	default:
		return drawMeasurement(t)
	}
}

// drawMeasurement draws from many shapes, of which one bucket may have several: uniform, log-normal
// in effect, bimodal, constant, zero, and the ends of what a file holds. The great ones are
// positive alone: sums in which they cancel each other out depend on the order.
func drawMeasurement(t *rapid.T) float64 {
	switch rapid.IntRange(0, 9).Draw(t, "shape") {
	case 0:
		return math.Exp(rapid.Float64Range(-9, 9).Draw(t, "exponent"))
	case 1:
		return rapid.SampledFrom([]float64{19, 20, 21, 640, 650}).Draw(t, "mode")
	case 2:
		return 23.4
	case 3:
		return 0
	case 4:
		return rapid.SampledFrom([]float64{1e-300, -1e-300, 5e-324, 1e290}).Draw(t, "end")
	default:
		return rapid.Float64Range(-100, 1000).Draw(t, "value")
	}
}

// recentTime is what a control loop records: the last minutes, some out of order, a few ahead.
func (m *machine) recentTime(t *rapid.T) micros {
	return m.before(t, 3*minute) + 10*second
}

// lateTime reaches back as far as a file may hold anything, and a little further.
func (m *machine) lateTime(t *rapid.T) micros {
	span := rapid.SampledFrom([]micros{hour, 6 * hour, 2 * day, 8 * day, 35 * day}).Draw(t, "how late")
	return m.before(t, span)
}

func (m *machine) anyTime(t *rapid.T) micros {
	switch rapid.IntRange(0, 9).Draw(t, "when") {
	case 0: // at the edges of the future
		return m.oracle.now + minute + micros(rapid.IntRange(-2, 2).Draw(t, "ahead"))
	case 1, 2: // at the edges of the tiers
		return m.edge(t)
	case 3, 4:
		return m.repeat(t)
	case 5:
		return m.lateTime(t)
	default:
		return m.recentTime(t)
	}
}

func (m *machine) before(t *rapid.T, span micros) micros {
	return m.oracle.now - micros(rapid.Int64Range(0, int64(span)).Draw(t, "before now"))
}

// edge is a moment at which something changes: a floor, a watermark, the start of a bucket.
func (m *machine) edge(t *rapid.T) micros {
	one := m.oracle.tiers[rapid.IntRange(raw, oneHour).Draw(t, "tier")]
	at := rapid.SampledFrom([]micros{
		one.floor, one.watermark, m.oracle.expiryLimit(),
		m.oracle.now.down(minute), m.oracle.now.down(5 * minute), m.oracle.now.down(hour),
	}).Draw(t, "edge")
	return at + micros(rapid.IntRange(-1, 1).Draw(t, "beside")) // before 1970, too
}

// repeat is the moment of a sample that was recorded before.
func (m *machine) repeat(t *rapid.T) micros {
	if len(m.oracle.accepted) == 0 {
		return m.recentTime(t)
	}
	// From the newest, so that a smaller number stands for something simpler.
	i := rapid.IntRange(0, min(len(m.oracle.accepted), 50)-1).Draw(t, "which one")
	return m.oracle.accepted[len(m.oracle.accepted)-1-i].ts
}
