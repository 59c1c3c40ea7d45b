package service

import (
	"slices"

	"github.com/wanstore/wanstore/internal/sketch"
)

// MergeDistributions returns the distribution of all the samples of several distributions. It is
// nil without any, and where one is nil: how those samples are distributed is not known.
func MergeDistributions(list ...*Distribution) *Distribution {
	if len(list) == 0 || slices.Contains(list, nil) {
		return nil
	}
	merged := &Distribution{min: list[0].min, max: list[0].max}
	exact := true
	for _, one := range list {
		merged.min, merged.max = min(merged.min, one.min), max(merged.max, one.max)
		exact = exact && one.sketch == nil
	}
	if exact {
		for _, one := range list {
			merged.values = append(merged.values, one.values...)
		}
		slices.Sort(merged.values)
		return merged
	}
	all := sketch.NewSum()
	for _, one := range list {
		if one.sketch != nil {
			all.Merge(decoded(one.sketch))
			continue
		}
		for _, value := range one.values {
			all.Add(value, 1)
		}
	}
	merged.sketch, merged.count = all.Append(nil), all.Count()
	return merged
}
