package clock

import (
	"strconv"
	"strings"
	"time"
)

// monthUnit is that of calendar months, whose lengths differ.
const monthUnit = "mo"

// MaxMonths is 290 years, about what a duration can hold.
const MaxMonths = 290 * monthsPerYear

// Step is the distance from one step of an answer to the next: a duration, or calendar months. The
// zero value is none.
type Step struct {
	Duration time.Duration
	Months   int
}

// ParseStep reads a duration, or a number of calendar months such as 1mo.
//
// Errors: ErrDurationSyntax, ErrDurationRange.
func ParseStep(text string) (Step, error) {
	number, ok := strings.CutSuffix(text, monthUnit)
	if !ok {
		duration, err := ParseDuration(text)
		return Step{Duration: duration}, err
	}
	months, err := strconv.ParseUint(number, 10, 31)
	switch {
	case err != nil:
		return Step{}, ErrDurationSyntax
	case months > MaxMonths:
		return Step{}, ErrDurationRange
	}
	return Step{Months: int(months)}, nil
}

// String returns the step as ParseStep reads it, "" for none.
func (s Step) String() string {
	switch {
	case s.Months > 0:
		return strconv.Itoa(s.Months) + monthUnit
	case s.Duration == 0:
		return ""
	}
	return s.Duration.String()
}
