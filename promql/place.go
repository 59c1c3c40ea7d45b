package promql

import "github.com/wanstore/wanstore/service"

// place is that of one sample among those of a series.
type place struct {
	of               *sampled
	piece, row, part int
}

// moment returns when the sample is, and false behind the last one.
func (p *place) moment() (at int64, ok bool) {
	if p.piece == len(p.of.pieces) {
		return 0, false
	}
	return p.of.moment(&p.of.pieces[p.piece], p.row, p.part), true
}

// next goes to the next sample.
func (p *place) next() {
	piece := &p.of.pieces[p.piece]
	if p.part++; p.part < piece.each {
		return
	}
	p.part = 0
	if p.row++; p.row < len(piece.rows) {
		return
	}
	p.row = 0
	p.piece++
}

// skipTo goes to the first sample at a moment or later, but for one sample at least. The shares of a
// bucket may be many, and it counts those that it passes over.
func (p *place) skipTo(target int64) {
	p.next()
	for at, ok := p.moment(); ok && at < target; at, ok = p.moment() {
		piece := &p.of.pieces[p.piece]
		if more := target - at; piece.each > 1 && more > piece.width {
			p.part = min(p.part+int(more/piece.width), piece.each) - 1
		}
		p.next()
	}
}

// figure returns a figure of the sample.
func (p *place) figure(c column) float64 {
	return p.of.figure(c, &p.of.pieces[p.piece], p.row)
}

// moment returns when one of the samples of a row is. Shares of a bucket are at their ends.
func (s *sampled) moment(p *piece, at, part int) int64 {
	if p.segment.tier == service.Raw {
		return p.rows[at].at + s.rawGap
	}
	return p.rows[at].at + int64(part+1)*p.width - 1
}
