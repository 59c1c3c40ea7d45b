package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wanstore/wanstore/service"
)

// look is how things are shown to people.
type look struct {
	zone   *time.Location
	styles map[string]valueStyle // by metric
}

// newLook shows values as the file says.
func newLook(ctx context.Context, history *service.History, zone *time.Location) (look, error) {
	metrics, err := history.Metrics(ctx)
	return look{zone: zone, styles: valueStyles(metrics)}, err
}

// valueStyle is how the values of one metric are shown to people.
type valueStyle struct {
	unit  string
	names service.StateNames
}

// valueStyles returns the styles of metrics, by name.
func valueStyles(metrics []service.Metric) map[string]valueStyle {
	styles := make(map[string]valueStyle, len(metrics))
	for _, metric := range metrics {
		styles[metric.Name] = valueStyle{unit: metric.Unit, names: metric.States}
	}
	return styles
}

// show returns a value with its unit, or the state with its name.
func (s valueStyle) show(value float64) string {
	if name := s.names[value]; name != "" {
		return trimmed(value) + " " + printable(name)
	}
	if s.unit != "" {
		return fixed(value) + " " + printable(s.unit)
	}
	return trimmed(value)
}

// name returns the name of a state, or its value where there is none.
func (s valueStyle) name(value float64) string {
	if name := s.names[value]; name != "" {
		return printable(name)
	}
	return trimmed(value)
}

// fixed returns a number with three decimals, unless that says nothing about it.
func fixed(value float64) string {
	if size := math.Abs(value); value != 0 && (size < 0.001 || size >= 1e15) {
		return strconv.FormatFloat(value, 'g', 4, 64)
	}
	return strconv.FormatFloat(value, 'f', 3, 64)
}

// trimmed is fixed without zeros at its end.
func trimmed(value float64) string {
	text := fixed(value)
	if !strings.Contains(text, ".") || strings.Contains(text, "e") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// rounded returns a number with four digits or, of a large one, those before the point.
func rounded(value float64) string {
	size := math.Abs(value)
	switch {
	case value != 0 && size < 0.001 || size >= 1e9:
		return strconv.FormatFloat(value, 'g', 4, 64)
	case size >= 1000:
		return strconv.FormatFloat(value, 'f', 0, 64)
	case size >= 100:
		return strconv.FormatFloat(value, 'f', 1, 64)
	case size >= 10:
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
	return strconv.FormatFloat(value, 'f', 3, 64)
}

// exact returns a number with all of its digits.
func exact(value float64) string {
	if size := math.Abs(value); value != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(value, 'e', -1, 64)
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// number returns a whole number.
func number[T int | int64 | uint64](n T) string { return fmt.Sprint(n) }

// size returns a number of bytes.
func size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	value := float64(bytes)
	for _, unit := range []string{"KiB", "MiB", "GiB"} {
		value /= 1024
		if value < 1023.95 { // what would be rounded to 1024.0 is 1 of the next unit
			return fmt.Sprintf("%.1f %s", value, unit)
		}
	}
	return fmt.Sprintf("%.1f TiB", value/1024)
}

// percent returns a share of 1.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
