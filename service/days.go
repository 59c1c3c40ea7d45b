package service

import (
	"errors"
	"math"
	"strconv"

	"github.com/wanstore/wanstore/internal/clock"
)

// Days is a number of whole days.
type Days int

const daysHelp = "whole days, such as 30, 30d, 4w or 1y"

var errDays = errors.New("want " + daysHelp)

// UnmarshalText reads a number of days, or a duration of whole days such as 30d, 4w or 1y. A number
// that is too large is the largest one.
func (d *Days) UnmarshalText(text []byte) error {
	number, err := strconv.Atoi(string(text))
	if err == nil || errors.Is(err, strconv.ErrRange) { // which leaves it at the limit
		*d = Days(number)
		return nil
	}
	duration, err := clock.ParseDuration(string(text))
	if errors.Is(err, clock.ErrDurationRange) {
		*d = math.MaxInt
		return nil
	}
	if err != nil || duration%day != 0 {
		return errDays
	}
	*d = Days(duration / day)
	return nil
}
