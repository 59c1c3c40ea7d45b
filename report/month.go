package report

import (
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
)

// monthLayout is how a month is written.
const monthLayout = "2006-01"

// MonthHelp shows how a month is written.
const MonthHelp = "2026-11"

var (
	errMonth = errors.New("want a month such as " + MonthHelp)
	errAhead = errors.New("lies ahead")
)

// ParseMonth reads a month and returns where it begins and ends in a zone; "" is the one of now. A
// month that is not over ends with the last whole second.
//
// Errors: a text that is no month, and a month that has not begun.
func ParseMonth(
	text string, zone *time.Location, now time.Time,
) (from, until time.Time, err error) {
	if text == "" {
		text = now.In(zone).Format(monthLayout)
	}
	first, err := time.Parse(monthLayout, text)
	if err != nil {
		return from, until, fmt.Errorf("%.80q: %w", text, errMonth)
	}
	month := first.Year()*12 + int(first.Month()) - 1
	from, until = clock.MonthStart(month, zone), clock.MonthStart(month+1, zone)
	now = now.Truncate(time.Second)
	if !from.Before(now) {
		return from, until, fmt.Errorf("%.80q: %w", text, errAhead)
	}
	if until.After(now) {
		until = now
	}
	return from, until, nil
}
