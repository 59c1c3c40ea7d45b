package push

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// line is a series as it is sent.
type line struct {
	labels map[string]string
	points []point
}

// encode returns a message of remote write 1.0, made by Prometheus's own code.
func encode(lines ...line) ([]byte, error) {
	var request prompb.WriteRequest
	for _, l := range lines {
		var series prompb.TimeSeries
		for _, name := range slices.Sorted(maps.Keys(l.labels)) {
			series.Labels = append(series.Labels, prompb.Label{Name: name, Value: l.labels[name]})
		}
		for _, p := range l.points {
			series.Samples = append(series.Samples, prompb.Sample{Timestamp: p.ms, Value: p.value})
		}
		request.Timeseries = append(request.Timeseries, series)
	}
	plain, err := request.Marshal()
	if err != nil {
		return nil, err
	}
	return snappy.Encode(nil, plain), nil
}

// post sends lines once, and returns how the receiver answers.
func (r *receiver) post(ctx context.Context, lines ...line) (status int, words string, err error) {
	body, err := encode(lines...)
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.writeURL(),
		bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Encoding", "snappy")
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(bytes.TrimSpace(text)), err
}

// takes sends lines, or fails the test when they are not answered with the status.
func (r *receiver) takes(t *testing.T, status int, lines ...line) {
	t.Helper()
	got, words, err := r.post(t.Context(), lines...)
	if err != nil || got != status {
		t.Errorf("%s answers %d, %q, %v, want %d", r.name, got, words, err, status)
	}
}

// named is a series of a metric without further labels.
func named(metric string, points ...point) line {
	return line{map[string]string{"__name__": metric}, points}
}

// sendAll sends each series in a POST of its own.
func (r *receiver) sendAll(t *testing.T, all map[string]map[int64]float64) {
	t.Helper()
	for series, points := range all {
		l := line{labels: labelsOf(t, series)}
		for _, ms := range slices.Sorted(maps.Keys(points)) {
			l.points = append(l.points, point{ms, points[ms]})
		}
		r.takes(t, http.StatusNoContent, l)
	}
}

// labelsOf reads what labelText has written.
func labelsOf(t testing.TB, series string) map[string]string {
	t.Helper()
	name, rest, _ := strings.Cut(strings.TrimSuffix(series, ",}"), "{")
	labels := map[string]string{"__name__": name}
	for pair := range strings.SplitSeq(rest, ",") {
		label, quoted, _ := strings.Cut(pair, "=")
		value, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %v", series, err)
		}
		labels[label] = value
	}
	return labels
}
