package httpapi

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/wanstore/wanstore/promql"
)

// The parameters of a question.
const (
	paramQuery    = "query"
	paramTime     = "time"
	paramStart    = "start"
	paramEnd      = "end"
	paramStep     = "step"
	paramTimeout  = "timeout"
	paramLimit    = "limit"
	paramLookback = "lookback_delta"
	paramStats    = "stats"
	paramMatch    = "match[]"
	paramMetric   = "metric"
	paramPerName  = "limit_per_metric"
)

// maxPoints is how many steps a range query may have beyond the first, as in Prometheus.
const maxPoints = 11_000

// parameterError reports what is wrong with one parameter.
type parameterError struct {
	name string
	err  error
}

func (e *parameterError) Error() string {
	return fmt.Sprintf("invalid parameter %q: %v", e.name, e.err)
}

func (e *parameterError) Unwrap() error { return e.err }

// wrong is a parameterError with a message of its own.
func wrong(name, format string, args ...any) error {
	return &parameterError{name: name, err: fmt.Errorf(format, args...)}
}

// parseTime reads Unix seconds, with a fraction to the millisecond, or RFC 3339.
func parseTime(name, text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return fromSeconds(name, text, seconds)
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	return time.Time{}, wrong(name, "cannot parse %.80q to a valid timestamp", text)
}

// mostSeconds bounds times to what milliseconds can count.
const mostSeconds = math.MaxInt64 / 1000

func fromSeconds(name, text string, seconds float64) (time.Time, error) {
	if math.IsNaN(seconds) || seconds < -mostSeconds || seconds > mostSeconds {
		return time.Time{}, wrong(name, "cannot parse %.80q to a valid timestamp", text)
	}
	whole, fraction := math.Modf(seconds)
	millis := int64(math.Round(fraction * 1000))
	return time.UnixMilli(int64(whole)*1000 + millis).UTC(), nil
}

// parseTimeOr reads a time, which is other where none is given.
func parseTimeOr(r *http.Request, name string, other time.Time) (time.Time, error) {
	text := r.Form.Get(name)
	if text == "" {
		return other, nil
	}
	at, err := parseTime(name, text)
	if problem, ok := errors.AsType[*parameterError](err); ok { // in Prometheus's words
		return at, wrong(name, "invalid time value for '%s': %w", name, problem.err)
	}
	return at, err
}

// parseDuration reads seconds, with a fraction, or a duration as PromQL writes it.
func parseDuration(name, text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		nanos := seconds * float64(time.Second)
		if math.IsNaN(nanos) || nanos >= math.MaxInt64 || nanos < math.MinInt64 {
			return 0, wrong(name, "cannot parse %.80q to a valid duration. It overflows int64", text)
		}
		return time.Duration(nanos), nil
	}
	duration, err := model.ParseDuration(text)
	if err != nil {
		return 0, wrong(name, "cannot parse %.80q to a valid duration", text)
	}
	return time.Duration(duration), nil
}

// parseLimit reads how many results are wanted, 0 for all.
func parseLimit(r *http.Request) (int, error) {
	text := r.Form.Get(paramLimit)
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil {
		return 0, wrong(paramLimit, "%.80q is no number", text)
	}
	if limit < 0 {
		return 0, wrong(paramLimit, "limit must be non-negative")
	}
	return limit, nil
}

// parseSettings reads how a query is evaluated.
func parseSettings(r *http.Request) (settings promql.Settings, err error) {
	if text := r.Form.Get(paramTimeout); text != "" {
		if settings.Timeout, err = parseDuration(paramTimeout, text); err != nil {
			return settings, err
		}
		if settings.Timeout <= 0 {
			return settings, wrong(paramTimeout, "timeout must be positive, got %s", settings.Timeout)
		}
	}
	if text := r.Form.Get(paramLookback); text != "" {
		if settings.Lookback, err = parseDuration(paramLookback, text); err != nil {
			return settings, err
		}
		if settings.Lookback < 0 {
			return settings, wrong(paramLookback, "must not be negative, got %s", settings.Lookback)
		}
	}
	settings.PerStepStats = r.Form.Get(paramStats) == "all"
	return settings, nil
}

// span is the stretch of a range query.
type span struct {
	start, end time.Time
	step       time.Duration
}

// parseSpan reads the stretch of a range query.
func parseSpan(r *http.Request) (s span, err error) {
	if s.start, err = parseTime(paramStart, r.Form.Get(paramStart)); err != nil {
		return s, err
	}
	if s.end, err = parseTime(paramEnd, r.Form.Get(paramEnd)); err != nil {
		return s, err
	}
	if s.end.Before(s.start) {
		return s, wrong(paramEnd, "end timestamp must not be before start time")
	}
	if s.step, err = parseDuration(paramStep, r.Form.Get(paramStep)); err != nil {
		return s, err
	}
	if s.step <= 0 {
		return s, wrong(paramStep,
			"zero or negative query resolution step widths are not accepted. Try a positive integer")
	}
	if s.step < time.Millisecond {
		return s, wrong(paramStep, "want a millisecond at least")
	}
	if s.tooFine() {
		return s, badData(errors.New("exceeded maximum resolution of 11,000 points per timeseries. " +
			"Try decreasing the query resolution (?step=XX)"))
	}
	return s, nil
}

// tooFine tells whether there are more steps than an answer may have. It counts in milliseconds,
// since durations end at 292 years.
func (s span) tooFine() bool {
	millis := s.end.UnixMilli() - s.start.UnixMilli()
	return millis < 0 || millis/s.step.Milliseconds() > maxPoints
}
