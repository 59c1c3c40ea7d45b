package repo

import "time"

// Micros is a moment: microseconds since the Unix epoch, UTC.
type Micros int64

// MicrosOf returns the moment t, cut to whole microseconds.
func MicrosOf(t time.Time) Micros { return Micros(t.UnixMicro()) }

// Time returns the moment as a time in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Add returns the moment d later.
func (m Micros) Add(d time.Duration) Micros { return m + Micros(d.Microseconds()) }

// Sub returns the time from earlier to m.
func (m Micros) Sub(earlier Micros) time.Duration {
	return time.Duration(m-earlier) * time.Microsecond
}

// AlignDown returns the start of the epoch-aligned bucket that holds m. A bucket of zero leaves m
// as it is.
func (m Micros) AlignDown(bucket time.Duration) Micros {
	return m.Floor(Micros(bucket.Microseconds()))
}

// Floor returns the largest multiple of width that is not greater than m, or m itself where there
// is no width.
func (m Micros) Floor(width Micros) Micros {
	if width <= 1 {
		return m
	}
	rest := m % width
	if rest < 0 {
		rest += width
	}
	return m - rest
}

// AlignUp returns the end of the epoch-aligned bucket that holds m, or m itself where a bucket
// begins.
func (m Micros) AlignUp(bucket time.Duration) Micros {
	down := m.AlignDown(bucket)
	if down == m {
		return m
	}
	return down.Add(bucket)
}
