package main

import (
	"encoding/json"
	"errors"
	"time"
)

var (
	errTimeAhead    = errors.New("lies ahead of this machine's clock")
	errDurationSign = errors.New("want a duration of more than 0")
)

// timeFormat is RFC 3339 with all that is known of a moment.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// formatTime writes a moment for programs.
func formatTime(at time.Time) string { return showTime(at, time.UTC) }

// showTime writes a moment for people, in their zone and with its distance from UTC.
func showTime(at time.Time, zone *time.Location) string { return at.In(zone).Format(timeFormat) }

// moment is a time that programs read in UTC and people in their own zone. The zero time is one
// that there is not.
type moment struct{ time.Time }

// MarshalJSON writes it for programs; null if there is none.
func (m moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(formatTime(m.Time))
}

// show writes it for people.
func (m moment) show(zone *time.Location) string {
	if m.IsZero() {
		return "-"
	}
	return showTime(m.Time, zone)
}
