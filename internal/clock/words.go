package clock

import (
	"strings"
	"time"
)

// parseWords reads a moment that is told from now or from today: now, now-1h30m, 15:00, today,
// yesterday, monday, yesterday 15:00. The name of a day is that of the last one that has begun. ok
// is false where it is none of these.
func parseWords(
	text string, zone *time.Location, now time.Time,
) (at time.Time, ok bool, err error) {
	text = strings.ToLower(text)
	if distance, ok := strings.CutPrefix(text, "now"); ok {
		return fromNow(distance, now)
	}
	word, hours, _ := strings.Cut(text, " ")
	day, named := dayNamed(word, DayOf(now, zone))
	if !named {
		day, hours = DayOf(now, zone), text
	}
	start := DayStart(day, zone)
	if named && hours == "" {
		return start, true, nil
	}
	for _, layout := range []string{"15:04", time.TimeOnly} {
		if clock, err := time.Parse(layout, hours); err == nil {
			year, month, date := start.In(zone).Date()
			return time.Date(year, month, date, clock.Hour(), clock.Minute(), clock.Second(),
				clock.Nanosecond(), zone), true, nil
		}
	}
	return time.Time{}, false, nil
}

// fromNow reads the distance behind the word now.
func fromNow(distance string, now time.Time) (at time.Time, ok bool, err error) {
	if distance == "" {
		return now, true, nil
	}
	if distance[0] != '-' && distance[0] != '+' {
		return time.Time{}, false, nil
	}
	by, err := ParseDuration(distance)
	return now.Add(by), true, err
}

// dayNamed returns the number of the day that a word means where today has the given one.
func dayNamed(word string, today int) (number int, ok bool) {
	switch word {
	case "today":
		return today, true
	case "yesterday":
		return today - 1, true
	}
	for weekday := range 7 { // today is the first
		number := today - weekday
		name := strings.ToLower(time.Weekday((number%7 + 7 + 1) % 7).String())
		if word == name || word == name[:3] {
			return number, true
		}
	}
	return 0, false
}
