package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// mostSteps is how many steps a range may have, as in Prometheus, and usualSteps how many it has at
// most where nobody says how long a step is.
const mostSteps, usualSteps = 11_000, 250

// evaluationFlags are the flags that say when an expression is evaluated.
type evaluationFlags struct {
	at, from, to timeFlag
	last         durationFlag
	step         durationFlag
}

func (f *evaluationFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.at, "at", "evaluate once, at this moment (default now)")
	flags.Var(&f.last, "last", "range: this long, up to now")
	flags.Var(&f.from, "from", "range: from this moment")
	flags.Var(&f.to, "to", "range: up to this moment (default now)")
	flags.Var(&f.step, "step", "range: evaluate each so long")
	complete(cmd, "step", choices("1s", "10s", "1m", "5m", "1h", "1d"))
}

// evaluation is when an expression is evaluated: at from, and at each step up to until. Without a
// step it is evaluated once.
type evaluation struct {
	from, until time.Time
	step        time.Duration
}

// count returns how often the expression is evaluated.
func (e evaluation) count() int64 {
	if e.step == 0 {
		return 1
	}
	return (e.until.UnixMilli()-e.from.UnixMilli())/e.step.Milliseconds() + 1
}

// evaluation makes the flags an evaluation of at most so many steps. A plot needs a range.
func (f *evaluationFlags) evaluation(isPlot bool, most int) (evaluation, error) {
	isRange := f.last.Duration != 0 || !f.from.IsZero() || !f.to.IsZero()
	switch {
	case !f.at.IsZero() && (isRange || f.step.Duration != 0):
		return evaluation{}, errors.New("--at excludes --last, --from, --to and --step")
	case f.last.Duration != 0 && (!f.from.IsZero() || !f.to.IsZero()):
		return evaluation{}, errors.New("--last excludes --from and --to")
	case f.last.Duration == 0 && f.from.IsZero() && (isRange || isPlot || f.step.Duration != 0):
		return evaluation{}, errors.New("which range? give --last or --from")
	case f.step.Duration%time.Millisecond != 0:
		return evaluation{}, fmt.Errorf("--step %s: want whole milliseconds", f.step.String())
	}
	now := time.Now()
	switch {
	case isRange:
		return f.steps(now, isPlot, most)
	case f.at.IsZero():
		return evaluation{from: now, until: now}, nil
	}
	return evaluation{from: f.at.Time, until: f.at.Time}, nil
}

// steps returns the steps of a range.
func (f *evaluationFlags) steps(now time.Time, isPlot bool, most int) (evaluation, error) {
	e := evaluation{from: f.from.Time, until: f.to.Time, step: f.step.Duration}
	if e.until.IsZero() {
		e.until = now
	}
	if f.last.Duration != 0 {
		e.from = e.until.Add(-f.last.Duration)
	}
	if e.until.Before(e.from) {
		return e, fmt.Errorf("%w: the range ends before it begins", service.ErrQuery)
	}
	if e.step == 0 {
		e.step = roundStep(e, min(most, usualSteps))
	}
	if f.last.Duration != 0 {
		e.from, e.until = multiple(e.from, e.step), multiple(e.until, e.step)
	}
	if e.count() > int64(most) {
		problem := fmt.Sprintf("%d steps, want at most %d", e.count(), most)
		if isPlot {
			problem = "too fine to be drawn"
		}
		return e, fmt.Errorf("--step %s: %s: give %s or more", clock.FormatDuration(e.step), problem,
			clock.FormatDuration(roundStep(e, most)))
	}
	return e, nil
}

// roundStep returns the shortest round step of which so many suffice for a range.
func roundStep(e evaluation, most int) time.Duration {
	var step time.Duration
	for _, step = range roundSpans() {
		e.step = step
		if step >= time.Millisecond && e.count() < int64(most) { // one more may come with the rounding
			break
		}
	}
	return step
}

// multiple returns the last multiple of a step up to a moment.
func multiple(at time.Time, step time.Duration) time.Time {
	return time.UnixMilli(floor(at.UnixMilli(), step.Milliseconds()) * step.Milliseconds())
}
