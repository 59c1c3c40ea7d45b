package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/wanstore/wanstore/service"
)

// nameSet is what series are named by.
type nameSet struct{ metrics, wans map[string]bool }

// namesOf returns what names the series that a filter picks.
func namesOf(
	ctx context.Context, history *service.History, filter service.Filter,
) (nameSet, error) {
	names := nameSet{map[string]bool{}, map[string]bool{}}
	points, err := history.Latest(ctx, filter)
	for _, point := range points {
		names.metrics[point.Metric] = true
		names.wans[point.WAN] = true
	}
	return names, err
}

// has reports whether all metrics are among the names.
func (n nameSet) has(metrics []string) bool {
	for _, metric := range metrics {
		if !n.metrics[metric] {
			return false
		}
	}
	return true
}

// noteUnknownNames tells somebody who names what the file does not have, such as a metric that is
// misspelt, and what was probably meant.
func noteUnknownNames(
	ctx context.Context, history *service.History, filter service.Filter, out io.Writer,
) error {
	filter = service.Filter{Metrics: filter.Metrics, WAN: filter.WAN}
	if filter.WAN == "" && len(filter.Metrics) == 0 {
		return nil
	}
	picked, err := namesOf(ctx, history, filter)
	if err != nil || len(picked.wans) > 0 && picked.has(filter.Metrics) {
		return err
	}
	all, err := namesOf(ctx, history, service.Filter{})
	if err != nil || len(all.metrics) == 0 {
		return err
	}
	for _, metric := range filter.Metrics {
		noteUnknown("metric", metric, all.metrics, out)
	}
	if filter.WAN != "" {
		noteUnknown("WAN", filter.WAN, all.wans, out)
	}
	return nil
}

// noteUnknown tells of one name, unless it is known.
func noteUnknown(kind, name string, known map[string]bool, out io.Writer) {
	if known[name] {
		return
	}
	likely := didYouMean(name, slices.Sorted(maps.Keys(known)))
	fmt.Fprintf(out, "the file has no %s %s%s\n", kind, printable(name), printable(likely))
}
