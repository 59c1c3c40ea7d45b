package api

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/service"
)

const (
	// defaultRange is what a question without a range is about.
	defaultRange = time.Hour
	// defaultLimit and maxLimit bound the points of one answer: the most are about 8 MB of JSON.
	defaultLimit = 10_000
	maxLimit     = 100_000
	// maxParameter is the most bytes of the name of a parameter: one of a label has more than
	// enough.
	maxParameter = 300
	// maxNames bounds the metrics and the labels of one question: each is compared with those of
	// every series.
	maxNames = 200
	// maxQuantiles bounds the quantiles of each point: points have ten columns without any.
	maxQuantiles = 10
)

// The parameters of a question.
const (
	paramRange   = "range"
	paramFrom    = "from"
	paramTo      = "to"
	paramMetrics = "metrics"
	paramWAN     = "wan"
	paramLabel   = "label." // and the name of the label
	paramStep    = "step"
	paramOrder   = "order"
	paramLimit   = "limit"
	paramOffset  = "offset"
	paramLatest  = "latest"
	paramZone    = "tz"
	paramFormat  = "format"
	paramMonth   = "month" // of a report

	paramQuantiles = "quantiles"
	paramSummary   = "summary"
	paramOutages   = "outages"
)

const (
	newestFirst = "desc"
	oldestFirst = "asc"

	yes = "yes"
	no  = "no"

	formatJSON = "json"
	formatCSV  = "csv"
)

// parameterError says what is wrong with one parameter.
type parameterError struct {
	name string
	err  error
}

func (e *parameterError) Error() string { return e.name + ": " + e.err.Error() }

func (e *parameterError) Unwrap() error { return e.err }

// wrong is a parameterError with a message of its own.
func wrong(name, format string, args ...any) error {
	return &parameterError{name: web.Shown(name), err: fmt.Errorf(format, args...)}
}

// question is what was asked for.
type question struct {
	service.Query
	limit, offset int
	quantiles     []float64
	latest        bool // the newest samples as well
	summary       bool // of all of the range, as well
	outages       bool // in the range, as well
	csv           bool
}

// parseQuestion reads the query of a URL. Whatever is not said about time is said about now.
//
// Errors: *parameterError where one is to blame.
func parseQuestion(rawQuery string, now time.Time) (question, error) {
	q := question{limit: defaultLimit}
	q.NewestFirst = true
	values := url.Values{}
	err := eachParameter(rawQuery, func(name string, texts []string) error {
		values[name] = texts
		if name != paramMetrics && len(texts) > 1 {
			return wrongCount(name, texts)
		}
		return q.set(name, texts)
	})
	if err != nil {
		return question{}, err
	}
	if other := q.besidePoints(); q.csv && other != "" {
		return question{}, wrong(other, "is for format=%s", formatJSON)
	}
	if err := q.setRange(values, now.Truncate(time.Microsecond)); err != nil {
		return question{}, err
	}
	return q, nil
}

// besidePoints names a parameter that asks for more than points, "" where none does.
func (q *question) besidePoints() string {
	switch {
	case q.latest:
		return paramLatest
	case q.summary:
		return paramSummary
	case q.outages:
		return paramOutages
	}
	return ""
}

// eachParameter calls f with each parameter of the query of a URL, until it returns an error: in
// order, so that the same URL gets the same error.
func eachParameter(rawQuery string, f func(name string, texts []string) error) error {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return fmt.Errorf("the query cannot be read: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(name) > maxParameter {
			return wrong(name, "is too long a name: want at most %d bytes", maxParameter)
		}
		if err := f(name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func wrongCount(name string, texts []string) error {
	return wrong(name, "is given %d times: want it once", len(texts))
}

// set takes one parameter, except that setRange takes the range.
func (q *question) set(name string, texts []string) (err error) {
	text := texts[0]
	switch name {
	case paramRange, paramFrom, paramTo:
	case paramMetrics:
		q.Metrics, err = parseMetrics(texts)
	case paramWAN:
		q.WAN, err = parseWAN(text)
	case paramStep:
		err = q.setStep(text)
	case paramOrder:
		q.NewestFirst, err = parseChoice(name, text, newestFirst, oldestFirst)
	case paramLimit:
		q.limit, err = parseCount(text)
		if err != nil || q.limit < 1 || q.limit > maxLimit {
			return wrong(name, "%.80q: want a number from 1 to %d", text, maxLimit)
		}
	case paramQuantiles:
		q.quantiles, err = parseQuantiles(text)
		q.Quantiles = true
	case paramLatest:
		q.latest, err = parseChoice(name, text, yes, no)
	case paramSummary:
		q.summary, err = parseChoice(name, text, yes, no)
	case paramOutages:
		q.outages, err = parseChoice(name, text, yes, no)
	case paramFormat:
		q.csv, err = parseChoice(name, text, formatCSV, formatJSON)
	case paramZone:
		q.Zone, err = parseZone(text)
	case paramOffset:
		if q.offset, err = parseCount(text); err != nil {
			return wrong(name, "%.80q: want a number from 0 on", text)
		}
	default:
		return q.setLabel(name, text)
	}
	return err
}

func (q *question) setLabel(name, value string) error {
	label, ok := strings.CutPrefix(name, paramLabel)
	if !ok || label == "" {
		return wrong(name,
			"is no parameter: want range, from, to, metrics, wan, label.NAME, step, quantiles, order, "+
				"limit, offset, latest, summary, outages, tz or format")
	}
	if q.Labels == nil {
		q.Labels = service.Labels{}
	}
	q.Labels[label] = value
	if len(q.Labels) > maxNames {
		return wrong(paramLabel, "more than %d labels: want fewer", maxNames)
	}
	return nil
}

// setRange settles which stretch of time is asked for, in whole microseconds, as the answer tells
// it.
func (q *question) setRange(values url.Values, now time.Time) (err error) {
	switch {
	case values.Has(paramRange) && (values.Has(paramFrom) || values.Has(paramTo)):
		return wrong(paramRange, "excludes from and to")
	case values.Has(paramTo) && !values.Has(paramFrom):
		return wrong(paramTo, "needs from as well")
	case !values.Has(paramFrom):
		return q.setLast(values, now)
	}
	if q.From, err = q.parseTime(paramFrom, values.Get(paramFrom), now); err != nil {
		return err
	}
	if !values.Has(paramTo) {
		if !q.From.Before(now) {
			return wrong(paramFrom, "%.80q is not in the past: want to as well", values.Get(paramFrom))
		}
		q.Until = now
		return nil
	}
	if q.Until, err = q.parseTime(paramTo, values.Get(paramTo), now); err != nil {
		return err
	}
	if !q.From.Before(q.Until) {
		return wrong(paramTo, "%.80q is not after from", values.Get(paramTo))
	}
	return nil
}

// setLast asks for a stretch of time up to now.
func (q *question) setLast(values url.Values, now time.Time) (err error) {
	length := defaultRange
	if values.Has(paramRange) {
		if length, err = parseDuration(paramRange, values.Get(paramRange)); err != nil {
			return err
		}
	}
	q.From, q.Until = now.Add(-length).Truncate(time.Microsecond), now
	return nil
}

// parseMetrics reads names that are separated by commas, as well as repeated.
func parseMetrics(texts []string) ([]string, error) {
	var names []string
	for _, text := range texts {
		for name := range strings.SplitSeq(text, ",") {
			name = strings.TrimSpace(name)
			if name == "" {
				return nil,
					wrong(paramMetrics, "%.80q has an empty name: leave the parameter out to ask for all", text)
			}
			names = append(names, name)
			if len(names) > maxNames {
				return nil,
					wrong(paramMetrics, "more than %d names: leave the parameter out to ask for all", maxNames)
			}
		}
	}
	return names, nil
}

func parseQuantiles(text string) ([]float64, error) {
	if count := strings.Count(text, ",") + 1; count > maxQuantiles {
		return nil, wrong(paramQuantiles, "%d of them: want at most %d", count, maxQuantiles)
	}
	list, err := quantile.Parse(text)
	if err != nil {
		err = wrong(paramQuantiles, "%w", err)
	}
	return list, err
}

func (q *question) setStep(text string) error {
	if strings.HasSuffix(text, "mo") {
		step, err := clock.ParseStep(text)
		if err != nil || step.Months == 0 {
			return wrong(paramStep, "%.80q: want a number of months such as 1mo", text)
		}
		q.Months = step.Months
		return nil
	}
	step, err := parseDuration(paramStep, text)
	if err == nil && step%time.Microsecond != 0 {
		err = wrong(paramStep, "%.80q: want whole microseconds", text)
	}
	q.Step = step
	return err
}

func parseDuration(name, text string) (time.Duration, error) {
	unit := ""
	if text != "" && strings.Trim(text, "0123456789.") == "" {
		unit = "s" // a plain number is of seconds, as in from and to, and as an answer shows its step
	}
	d, err := clock.ParseDuration(text + unit)
	if err != nil {
		return 0, wrong(name, "%.80q: %w", text, err)
	}
	if d <= 0 {
		return 0, wrong(name, "%.80q: want a duration of more than 0", text)
	}
	return d, nil
}

// parseChoice reads one of two words, and says whether it is the first.
func parseChoice(name, text, first, second string) (bool, error) {
	if text != first && text != second {
		return false, wrong(name, "%.80q: want %s or %s", text, first, second)
	}
	return text == first, nil
}

func parseWAN(text string) (string, error) {
	if text == "" {
		return "", wrong(paramWAN, "is empty: leave it out to ask for all")
	}
	return text, nil
}

// parseZone reads the name of a zone. That of this machine is nobody's business.
func parseZone(text string) (*time.Location, error) {
	zone, err := time.LoadLocation(text)
	if text == "" || text == "Local" || err != nil {
		return nil, wrong(paramZone, "%.80q is no zone: want a name such as Europe/Berlin or UTC", text)
	}
	return zone, nil
}

func (q *question) parseTime(name, text string, now time.Time) (time.Time, error) {
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	at, err := clock.ParseTime(text, zone, now)
	if errors.Is(err, clock.ErrTimeSyntax) && strings.Contains(text, " ") {
		return at, wrong(name, "%.80q: %w; the + of a zone is %%2B in a URL", text, err)
	}
	if err != nil {
		return at, wrong(name, "%.80q: %w", text, err)
	}
	return at.Truncate(time.Microsecond), nil
}

// parseCount reads a number from 0 on.
func parseCount(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// nextQuery returns the query of the URL that asks for the page from offset on of the same answer.
func (q *question) nextQuery(until time.Time, offset int) string {
	values := url.Values{
		paramFrom:   {string(appendSeconds(nil, q.From))},
		paramTo:     {string(appendSeconds(nil, until))},
		paramOrder:  {q.order()},
		paramLimit:  {strconv.Itoa(q.limit)},
		paramOffset: {strconv.Itoa(offset)},
	}
	if len(q.Metrics) > 0 {
		values.Set(paramMetrics, strings.Join(q.Metrics, ","))
	}
	if q.WAN != "" {
		values.Set(paramWAN, q.WAN)
	}
	if q.Stepped() {
		values.Set(paramStep, clock.Step{Duration: q.Step, Months: q.Months}.String())
	}
	if q.Quantiles {
		values.Set(paramQuantiles, q.quantileTexts())
	}
	if q.Zone != nil {
		values.Set(paramZone, q.Zone.String())
	}
	if q.csv {
		values.Set(paramFormat, formatCSV)
	}
	for name, value := range q.Labels {
		values.Set(paramLabel+name, value)
	}
	return values.Encode()
}

// whole asks for the range as one stretch, up to where the points of the answer end.
func (q *question) whole(until time.Time) service.Query {
	whole := q.Query
	whole.Until, whole.Step, whole.Months = until, 0, 0
	return whole
}

func (q *question) order() string {
	if q.NewestFirst {
		return newestFirst
	}
	return oldestFirst
}

func (q *question) quantileTexts() string {
	texts := make([]string, len(q.quantiles))
	for i, one := range q.quantiles {
		texts[i] = strconv.FormatFloat(one, 'g', -1, 64)
	}
	return strings.Join(texts, ",")
}
