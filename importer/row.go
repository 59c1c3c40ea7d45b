package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wanstore/wanstore/service"
)

// columns are the fields of a row, in their order.
func columns() []string { return []string{"timestamp_ms", "wan", "metric", "labels_json", "value"} }

// units are the microseconds in what a timestamp is counted in, by the name of its column.
var units = map[string]int64{"timestamp_ms": 1000, "timestamp_us": 1}

// maxMicros is where the year 10000 begins, which no time format of the program can show.
const maxMicros = 253402300800 * 1_000_000

// maxHandles bounds the handles that are remembered: enough for any real network, and a file where
// every row has other labels costs a little time and no memory.
const maxHandles = 16_384

// longLabels is from how many bytes on labels are not worth remembering.
const longLabels = 512

// parseHeader returns the microseconds that timestamps are counted in.
func parseHeader(fields []string) (int64, error) {
	want := columns()
	if len(fields) == len(want) && slices.Equal(fields[1:], want[1:]) {
		if unit, ok := units[fields[0]]; ok {
			return unit, nil
		}
	}
	return 0, headerError(strings.Join(fields, ","))
}

// rowParser makes samples of rows.
type rowParser struct {
	*seriesFinder

	unit int64 // of timestamps, in microseconds
}

// seriesFinder finds the series of rows.
type seriesFinder struct {
	writer *service.Writer
	column string // that holds the labels
	// prune returns the labels that make series of a metric, and whether it has left any out.
	prune func(metric string, labels service.Labels) (service.Labels, bool)
	found map[rowSeries]foundSeries
}

// foundSeries is what became of a series that a row names.
type foundSeries struct {
	handle *service.Series
	labels service.Labels // of the series
	pruned bool           // the row has more
}

// rowSeries is a series as a row writes it.
type rowSeries struct{ wan, metric, labels string }

func newRowParser(w *service.Writer, unit int64) *rowParser {
	return &rowParser{seriesFinder: newSeriesFinder(w, "labels_json"), unit: unit}
}

func newSeriesFinder(w *service.Writer, column string) *seriesFinder {
	return &seriesFinder{writer: w, column: column, prune: allLabels,
		found: map[rowSeries]foundSeries{}}
}

func allLabels(_ string, labels service.Labels) (service.Labels, bool) { return labels, false }

// sample returns the sample of a row. The error says what is wrong with it.
func (p *rowParser) sample(fields []string) (service.Sample, error) {
	want := columns()
	if len(fields) != len(want) {
		return service.Sample{},
			fmt.Errorf("fields: found %d, want %d (%s)", len(fields), len(want), strings.Join(want, ","))
	}
	at, err := p.moment(fields[0])
	if err != nil {
		return service.Sample{}, err
	}
	value, err := parseValue(fields[4])
	if err != nil {
		return service.Sample{}, err
	}
	series, err := p.series(rowSeries{wan: fields[1], metric: fields[2], labels: fields[3]})
	if err != nil {
		return service.Sample{}, err
	}
	return service.Sample{Series: series.handle, Time: at, Value: value}, nil
}

func (p *rowParser) moment(text string) (time.Time, error) {
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return time.Time{}, fmt.Errorf("timestamp %.80q: not a whole number", text)
	}
	if err != nil || count < 0 || count >= maxMicros/p.unit {
		return time.Time{},
			fmt.Errorf("timestamp %.80q: out of range, want a time from 1970 to 9999", text)
	}
	return time.UnixMicro(count * p.unit), nil
}

func parseValue(text string) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("value %.80q: out of range", text)
	case err == nil && (math.IsNaN(value) || math.IsInf(value, 0)):
		return 0, fmt.Errorf("value %.80q: not a finite number", text)
	case err != nil || strings.Trim(text, "+-.0123456789eE") != "":
		return 0, fmt.Errorf("value %.80q: not a decimal number", text)
	case math.Abs(value) > service.MaxValue:
		return 0, tooLargeError(value)
	}
	return value, nil
}

// tooLargeError says what a history does not store.
func tooLargeError(value float64) error {
	return fmt.Errorf("value %v: want a number from %v to %v", value, -service.MaxValue,
		service.MaxValue)
}

// series returns the series of a row. Most rows name one that rows before them have named in the
// same bytes.
func (f *seriesFinder) series(row rowSeries) (foundSeries, error) {
	if known, ok := f.found[row]; ok {
		return known, nil
	}
	labels, err := parseLabels(row.labels)
	if err != nil {
		return foundSeries{}, fmt.Errorf("%s %.200q: %w", f.column, row.labels, err)
	}
	var found foundSeries
	found.labels, found.pruned = f.prune(row.metric, labels)
	if found.handle, err = f.writer.Series(row.metric, row.wan, found.labels); err != nil {
		return foundSeries{}, err
	}
	if len(row.labels) >= longLabels {
		return found, nil
	}
	if len(f.found) >= maxHandles {
		clear(f.found)
	}
	// The fields are parts of one string that holds the whole row.
	row = rowSeries{strings.Clone(row.wan), strings.Clone(row.metric), strings.Clone(row.labels)}
	f.found[row] = found
	return found, nil
}

var errNotLabels = errors.New(`not a JSON object of strings, such as {"interface":"eth0"} or {}`)

// parseLabels reads a JSON object of strings token by token: decoding it into a map would take null
// for an empty string, and the last one of two values that one label has.
func parseLabels(text string) (service.Labels, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("not valid UTF-8")
	}
	tokens := json.NewDecoder(strings.NewReader(text))
	if begin, err := tokens.Token(); err != nil || begin != json.Delim('{') {
		return nil, errNotLabels
	}
	labels := service.Labels{}
	for tokens.More() {
		name, value, err := parseLabel(tokens)
		if err != nil {
			return nil, err
		}
		if _, ok := labels[name]; ok {
			return nil, fmt.Errorf("label %.80q is there twice", name)
		}
		labels[name] = value
	}
	if _, err := tokens.Token(); err != nil { // the closing brace
		return nil, errNotLabels
	}
	if _, err := tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotLabels
	}
	return labels, nil
}

func parseLabel(tokens *json.Decoder) (name, value string, err error) {
	name, isName, err := stringToken(tokens)
	if err != nil || !isName {
		return "", "", errNotLabels
	}
	token, err := tokens.Token()
	if err != nil {
		return "", "", errNotLabels
	}
	if value, ok := token.(string); ok {
		return name, value, nil
	}
	return "", "", &labelError{name: name, value: token}
}

// labelError says that the value of a label is no string.
type labelError struct {
	name  string
	value json.Token // where it begins
}

func (e *labelError) Error() string { return fmt.Sprintf("label %.80q is not a string", e.name) }

func stringToken(tokens *json.Decoder) (text string, isString bool, err error) {
	token, err := tokens.Token()
	text, isString = token.(string)
	return text, isString, err
}
