package push

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	"pgregory.net/rapid"
)

// decode reads a body as Prometheus does.
func decode(t require, body []byte) prompb.WriteRequest {
	t.Helper()
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		t.Fatal(err)
	}
	var request prompb.WriteRequest
	if err := request.Unmarshal(plain); err != nil {
		t.Fatal(err)
	}
	return request
}

// require is what tests and property tests have in common.
type require interface {
	Helper()
	Fatal(args ...any)
}

// What is encoded is what Prometheus's own messages decode to.
func TestEncode(t *testing.T) {
	var e encoder // used again, as a sender does
	rapid.Check(t, func(t *rapid.T) {
		var sent batch
		want := prompb.WriteRequest{}
		for range rapid.IntRange(0, 5).Draw(t, "series") {
			var labels []label
			var wanted prompb.TimeSeries
			for range rapid.IntRange(0, 4).Draw(t, "labels") {
				l := label{rapid.String().Draw(t, "name"), rapid.String().Draw(t, "value")}
				labels = append(labels, l)
				wanted.Labels = append(wanted.Labels, prompb.Label{Name: l.name, Value: l.value})
			}
			r := run{series: &derived{encoded: encodeLabels(labels)}}
			for range rapid.IntRange(0, 5).Draw(t, "samples") {
				s := sample{rapid.Int64().Draw(t, "ts"), rapid.Float64().Draw(t, "of")}
				r.samples = append(r.samples, s)
				wanted.Samples = append(wanted.Samples,
					prompb.Sample{Timestamp: s.ts, Value: s.value})
			}
			sent = append(sent, r)
			want.Timeseries = append(want.Timeseries, wanted)
		}
		got := decode(t, e.encode(sent))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("decoded (-want +got):\n%s", diff)
		}
	})
}

// Every bit of a value arrives.
func TestEncodeKeepsValues(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, -1e290, 0.1}
	r := run{series: &derived{}}
	for i, value := range values {
		r.samples = append(r.samples, sample{int64(i), value})
	}
	var e encoder
	got := decode(t, e.encode(batch{r})).Timeseries[0].Samples
	for i, value := range values {
		if math.Float64bits(got[i].Value) != math.Float64bits(value) {
			t.Errorf("%v arrived as %v", value, got[i].Value)
		}
	}
}
