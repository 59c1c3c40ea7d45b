package promql

import "github.com/wanstore/wanstore/service"

// place is that of one sample among those of a series, or behind the last one.
type place struct {
	of               *sampled
	piece, row, part int
}

func (p *place) isBehind() bool { return p.piece == len(p.of.pieces) }

// moment returns when the sample is.
func (p *place) moment() int64 { return p.of.moment(&p.of.pieces[p.piece], p.row, p.part) }

// figure returns a figure of the sample.
func (p *place) figure(c column) float64 { return p.of.figure(c, &p.of.pieces[p.piece], p.row) }

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

// pass goes on to the first sample after a moment. It counts over the shares of a bucket, which may
// be millions.
func (p *place) pass(moment int64) {
	for !p.isBehind() && p.moment() <= moment {
		if piece := &p.of.pieces[p.piece]; piece.each > 1 {
			p.part = min(p.part+int((moment-p.moment())/piece.width), piece.each-1)
		}
		p.next()
	}
}

// moment returns when one of the samples of a row is. Shares of a bucket are at their ends.
func (s *sampled) moment(p *piece, at, part int) int64 {
	if p.segment.tier == service.Raw {
		return p.rows[at].at + s.rawGap
	}
	return p.rows[at].at + int64(part+1)*p.width - 1
}
