package promql

import (
	"regexp/syntax"

	"github.com/prometheus/prometheus/util/strutil"
)

// statesOf returns about how many states a quoted regular expression has once its repetitions are
// written out, 0 if it is none.
func statesOf(quoted string) int {
	text, err := strutil.Unquote(quoted)
	if err != nil {
		return 0
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0
	}
	return sizeOf(parsed)
}

// sizeOf adds up a tree. What is repeated is at most a thousand times, or it is not parsed.
func sizeOf(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		size += sizeOf(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size
}
