package main

import (
	"strings"
	"time"
)

// tick is a moment on the axis.
type tick struct {
	column int
	label  string
}

// timeAxis draws the line under a plot and the times under that, round ones of the zone.
func timeAxis(g grid, width, margin int, zone *time.Location) []string {
	line := []rune(strings.Repeat(" ", margin+1) + "└" + strings.Repeat("─", width))
	labels := ""
	for _, t := range ticks(g, width, zone) {
		at := margin + 2 + t.column
		line[at] = '┬'
		begin := max(at-len(t.label)/2, 0)
		if begin+len(t.label) > len(line) || begin < len(labels)+min(len(labels), 1) {
			continue
		}
		labels += strings.Repeat(" ", begin-len(labels)) + t.label
	}
	return []string{string(line), labels}
}

// ticks returns the moments to mark. They are found in the columns instead of counted, because
// where the clocks change local hours are missing or come twice.
func ticks(g grid, width int, zone *time.Location) []tick {
	every, layout := tickSpan(g, width)
	if every == 0 {
		return nil
	}
	var list []tick
	for c := range width {
		begin, end := g.begin(c, width), g.begin(c+1, width)-1
		_, offset := time.UnixMicro(end).In(zone).Zone()
		ahead := int64(offset) * 1e6
		local := floor(end+ahead, every) * every
		if local-ahead < begin {
			continue
		}
		clock := time.UnixMicro(local).UTC()
		if every < dayMicros && local%dayMicros == 0 {
			list = append(list, tick{c, clock.Format("Jan 2")})
			continue
		}
		list = append(list, tick{c, clock.Format(layout)})
	}
	return list
}

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// tickSpan returns the shortest round span of time, in microseconds, that leaves the labels room,
// and their layout; 0 if there is none.
func tickSpan(g grid, width int) (every int64, layout string) {
	const apart = 4
	whole := float64(g.step) * float64(g.count)
	for _, span := range roundSpans() {
		layout = tickLayout(span)
		if float64(span.Microseconds())/whole*float64(width) >= float64(len(layout)+apart) {
			return span.Microseconds(), layout
		}
	}
	return 0, ""
}

func tickLayout(span time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case span < time.Millisecond:
		return "05.000000"
	case span < time.Second:
		return "15:04:05.000"
	case span < time.Minute:
		return "15:04:05"
	case span < day:
		return "15:04"
	case span < 100*day:
		return "Jan 2"
	}
	return time.DateOnly
}
