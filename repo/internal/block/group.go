package block

import "slices"

// none is the slot of no series.
const none = -1

// groups has samples by series, and the series by what moments they have. A series has the slot
// that is its place in its part.
type groups struct {
	first     int64 // id of the series in slot 0
	series    [SeriesPerPart]group
	allTimes  []int64   // of slot 0, then of slot 1, ...
	allValues []float64 // in the same order
	leaders   []int     // the lowest slot of all that have the same moments, in ascending order
	byHash    [1 << hashBits]int
}

// group is what there is of a series: its samples are those in [from, to).
type group struct {
	from, to int
	next     int // the next slot with the same moments
	last     int // of a leader: the last slot with the same moments
	another  int // of a leader: one with other moments and the same hash
}

func (g *groups) times(slot int) []int64 {
	return g.allTimes[g.series[slot].from:g.series[slot].to]
}

func (g *groups) values(slot int) []float64 {
	return g.allValues[g.series[slot].from:g.series[slot].to]
}

// gather takes samples in place of those that it had.
func (g *groups) gather(samples []Sample) {
	g.leaders = g.leaders[:0]
	if len(samples) == 0 {
		return
	}
	g.sort(samples)
	for i := range g.byHash {
		g.byHash[i] = none
	}
	for slot := range g.series {
		if g.series[slot].from < g.series[slot].to {
			g.join(slot)
		}
	}
}

// sort counts the samples of each slot first, and so knows where each belongs.
func (g *groups) sort(samples []Sample) {
	g.first = samples[0].SeriesID / SeriesPerPart * SeriesPerPart
	clear(g.series[:])
	for i := range samples {
		g.series[samples[i].SeriesID-g.first].to++
	}
	end := 0
	for slot := range g.series {
		s := &g.series[slot]
		s.from, s.to, end = end, end, end+s.to
	}
	g.allTimes = slices.Grow(g.allTimes[:0], end)[:end]
	g.allValues = slices.Grow(g.allValues[:0], end)[:end]
	for i := range samples {
		s := &g.series[samples[i].SeriesID-g.first]
		g.allTimes[s.to], g.allValues[s.to] = samples[i].TS, samples[i].Value
		s.to++
	}
}

// join puts a slot behind those that have the same moments, or makes it their leader.
func (g *groups) join(slot int) {
	times := g.times(slot)
	head := &g.byHash[hash(times)]
	leader := *head
	for leader != none && !slices.Equal(g.times(leader), times) {
		leader = g.series[leader].another
	}
	s := &g.series[slot]
	s.next = none
	if leader == none {
		s.last, s.another, *head = slot, *head, slot
		g.leaders = append(g.leaders, slot)
		return
	}
	last := &g.series[leader].last
	g.series[*last].next = slot
	*last = slot
}

const hashBits = 8

// hash looks at the first moment and the number of them, which nearly always tells them apart.
func hash(times []int64) int {
	const golden = 0x9e3779b97f4a7c15 // spreads what differs in the lowest bits over the highest
	return int((uint64(times[0]) + uint64(len(times))) * golden >> (64 - hashBits))
}
