package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
)

// durationFlag is a flag for a duration of more than nothing. It is zero while it is not given.
type durationFlag struct{ time.Duration }

// String returns the duration in Go's syntax, "" where none is given.
func (f *durationFlag) String() string {
	if f.Duration == 0 {
		return ""
	}
	return clock.FormatDuration(f.Duration)
}

// Set reads what was given.
func (f *durationFlag) Set(text string) error {
	d, err := clock.ParseDuration(text)
	if err != nil {
		return err
	}
	if d <= 0 {
		return errDurationSign
	}
	f.Duration = d
	return nil
}

// Type names the kind of value in help texts.
func (f *durationFlag) Type() string { return "duration" }

// stepFlag is a flag for a step of more than nothing. It is zero while it is not given.
type stepFlag struct{ clock.Step }

// Set reads what was given.
func (f *stepFlag) Set(text string) error {
	step, err := clock.ParseStep(text)
	if err != nil {
		return err
	}
	if step.Duration <= 0 && step.Months == 0 {
		return errDurationSign
	}
	f.Step = step
	return nil
}

// Type names the kind of value in help texts.
func (f *stepFlag) Type() string { return "duration" }

// timeFlag is a flag for a moment. It is the zero time while it is not given, and until all flags
// are known: a text without a zone is of the zone that another flag settles.
type timeFlag struct {
	time.Time
	text string
	past bool // what lies ahead of the clock is refused
}

// String returns what was given, "" where nothing is.
func (f *timeFlag) String() string { return f.text }

// Set takes what was given. It finds out whether that is a time, and not yet which.
func (f *timeFlag) Set(text string) error {
	_, err := clock.ParseTime(text, time.UTC, time.Now())
	f.text = text
	return err
}

// resolve reads what was given, in a zone, and told from now.
func (f *timeFlag) resolve(zone *time.Location, now time.Time) error {
	at, err := clock.ParseTime(f.text, zone, now)
	if err != nil {
		return err
	}
	if f.past && at.After(time.Now()) {
		return errTimeAhead
	}
	f.Time = at
	return nil
}

// Type names the kind of value in help texts.
func (f *timeFlag) Type() string { return "time" }

// nowFlag is the moment that ages are counted from.
type nowFlag struct{ timeFlag }

func addNowFlag(cmd *cobra.Command, now *nowFlag, usage string) {
	now.past = true
	cmd.Flags().Var(now, "now", usage)
}

// read returns the moment that was given, or the machine's.
func (f *nowFlag) read() time.Time {
	if f.IsZero() {
		return time.Now()
	}
	return f.Time
}
