package block

import "strconv"

// Encoder makes payloads. Its zero value is ready, and it keeps its memory for the next payload. It
// is not for concurrent use.
type Encoder struct {
	groups groups
}

// Encode appends the payload of a block at the moment base to dst and returns it. The samples may
// come in any order of series, but those of one series with rising moments. It panics when they are
// of several parts, for such a block could not be found by its key.
func (e *Encoder) Encode(dst []byte, samples []Sample, base int64) []byte {
	e.groups.gather(samples)
	dst = append(dst, '[')
	for i, leader := range e.groups.leaders {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.appendElement(dst, leader, base)
	}
	return append(dst, ']')
}

// appendElement appends the moments of a leader and all series that have the same.
func (e *Encoder) appendElement(dst []byte, leader int, base int64) []byte {
	dst = append(dst, `{"t":[`...)
	for i, ts := range e.groups.times(leader) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, ts-base, 10)
	}
	dst = append(dst, `],"v":{"`...)
	for slot := leader; slot != none; slot = e.groups.series[slot].next {
		if slot != leader {
			dst = append(dst, `,"`...)
		}
		dst = strconv.AppendInt(dst, e.groups.first+int64(slot), 10)
		dst = append(dst, `":`...)
		dst = appendValues(dst, e.groups.values(slot))
	}
	return append(dst, "}}"...)
}

// mostRuns bounds what the view has to look through for each moment.
const mostRuns = 32

// appendValues appends values in the form that is shortest, as far as their number tells.
func appendValues(dst []byte, values []float64) []byte {
	switch runs := countRuns(values); {
	case runs == 1:
		return appendNumber(dst, values[0])
	case 2*runs <= len(values) && runs <= mostRuns:
		return appendRuns(dst, values)
	default:
		return appendList(dst, values)
	}
}

func countRuns(values []float64) int {
	runs := 1
	for i := 1; i < len(values); i++ {
		if values[i] != values[i-1] { // 0 and -0 are one
			runs++
		}
	}
	return runs
}

func appendRuns(dst []byte, values []float64) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		switch {
		case i == 0:
			dst = append(dst, '[')
		case v != values[i-1]:
			dst = append(dst, ",["...)
		default:
			continue
		}
		dst = strconv.AppendInt(dst, int64(i), 10)
		dst = append(dst, ',')
		dst = appendNumber(dst, v)
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

func appendList(dst []byte, values []float64) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendNumber(dst, v)
	}
	return append(dst, ']')
}
