package block_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/repo/internal/block"
)

const base = 1_700_000_000_000_000

// history is what a payload has, in the plainest way: series, moment, value.
type history map[int64]map[int64]float64

func (h history) add(id, ts int64, v float64) {
	if h[id] == nil {
		h[id] = map[int64]float64{}
	}
	h[id][ts] = v + 0 // -0 is 0
}

// walk returns what a walker goes through, and how that ended.
func walk(t testing.TB, w *block.Walker) (history, error) {
	t.Helper()
	got := history{}
	for w.Next() {
		if _, ok := got[w.Series()]; ok {
			t.Fatalf("series %d comes twice", w.Series())
		}
		if len(w.Times()) == 0 || len(w.Times()) != len(w.Values()) {
			t.Fatalf("%d moments and %d values", len(w.Times()), len(w.Values()))
		}
		for i, ts := range w.Times() {
			got.add(w.Series(), ts, w.Values()[i])
			if v := w.Values()[i]; !finite(v) || v == 0 && math.Signbit(v) {
				t.Fatalf("value %v", v)
			}
		}
		if len(got[w.Series()]) != len(w.Times()) || !slices.IsSorted(w.Times()) {
			t.Fatalf("moments do not rise: %d", w.Times())
		}
	}
	if w.Next() {
		t.Fatal("there is a series behind the last")
	}
	return got, w.Err()
}

// blocks draws the samples of a block: series of which some share their moments, in any order.
func blocks(t *rapid.T) []block.Sample {
	part := rapid.SampledFrom([]int64{0, 256, 1<<40 - 256}).Draw(t, "part")
	slots := rapid.SliceOfNDistinct(rapid.Int64Range(0, 255), 1, 12, rapid.ID).Draw(t, "slots")
	moments := rapid.SliceOfN(
		rapid.SliceOfNDistinct(rapid.Int64Range(-1000, 60_000_000), 1, 12, rapid.ID), 1, 3,
	).Draw(t, "moments")
	value := values()
	var samples []block.Sample
	for _, slot := range slots {
		held := value.Draw(t, "value")
		often := rapid.IntRange(0, 3).Draw(t, "often")
		times := slices.Clone(rapid.SampledFrom(moments).Draw(t, "times"))
		slices.Sort(times)
		for _, dt := range times {
			if rapid.IntRange(0, 3).Draw(t, "change") < often {
				held = value.Draw(t, "value")
			}
			samples = append(samples, block.Sample{SeriesID: part + slot, TS: base + dt, Value: held})
		}
	}
	if rapid.Bool().Draw(t, "interleaved") {
		slices.SortStableFunc(samples, func(a, b block.Sample) int { return int(a.TS - b.TS) })
	}
	return samples
}

func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }

// values draws finite values of all kinds.
func values() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 1, -1, 0.1, 20.5, 1 << 53, 1<<53 + 2, -1 << 60, math.MaxFloat64,
			math.SmallestNonzeroFloat64, -0x1p-1030, 1e-300, 1e290, 999999.999999999, 1e6, 0.001, 1e21,
		}),
		rapid.Custom(func(t *rapid.T) float64 {
			return math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		}).Filter(finite),
		rapid.Custom(func(t *rapid.T) float64 {
			whole := rapid.Int64Range(-1e6, 1e6).Draw(t, "whole")
			return float64(whole) / math.Pow10(rapid.IntRange(0, 12).Draw(t, "decimals"))
		}),
		rapid.Float64Range(-1e7, 1e7),
		rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.Int64().Draw(t, "whole")) }),
	)
}

func TestRoundTrip(t *testing.T) {
	var encoder block.Encoder
	var walker block.Walker
	rapid.Check(t, func(rt *rapid.T) {
		samples := blocks(rt)
		payload := encoder.Encode([]byte("before"), samples, base)[len("before"):]
		want := history{}
		for _, s := range samples {
			want.add(s.SeriesID, s.TS, s.Value)
		}
		walker.Open(payload, base)
		if got, err := walk(t, &walker); err != nil || !cmp.Equal(want, got) {
			rt.Fatalf("%s\nerror %v\n%s", payload, err, cmp.Diff(want, got))
		}
		if got := generic(rt, payload); !cmp.Equal(want, got) {
			rt.Fatalf("%s\n%s", payload, cmp.Diff(want, got))
		}
		absent := rapid.Int64Range(0, 1000).Draw(rt, "absent")
		for _, id := range append(slices.Collect(maps.Keys(want)), absent) {
			walker.OpenOne(payload, base, id)
			one := history{}
			if want[id] != nil {
				one[id] = want[id]
			}
			if got, err := walk(t, &walker); err != nil || !cmp.Equal(one, got) {
				rt.Fatalf("series %d of %s\nerror %v\n%s", id, payload, err, cmp.Diff(one, got))
			}
		}
	})
}

// generic reads a payload as anybody would who knows JSON and the form.
func generic(t *rapid.T, payload []byte) history {
	var elements []struct {
		T []int64        `json:"t"`
		V map[string]any `json:"v"`
	}
	if err := json.Unmarshal(payload, &elements); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	got := history{}
	for _, element := range elements {
		for key, form := range element.V {
			id, err := strconv.ParseInt(key, 10, 64)
			if err != nil || got[id] != nil {
				t.Fatalf("%s: series %q, error %v", payload, key, err)
			}
			for i, dt := range element.T {
				got.add(id, base+dt, valueAt(form, i))
			}
		}
	}
	return got
}

func valueAt(form any, moment int) float64 {
	list, ok := form.([]any)
	if !ok {
		return form.(float64)
	}
	if _, ok := list[0].([]any); !ok {
		return list[moment].(float64)
	}
	var v float64
	for _, run := range list {
		if pair := run.([]any); int(pair[0].(float64)) <= moment {
			v = pair[1].(float64)
		}
	}
	return v
}

// Series that have the same moments share an element, whatever stands between them.
func TestForms(t *testing.T) {
	at := func(id int64, values ...float64) []block.Sample {
		var samples []block.Sample
		for i, v := range values {
			ts := base + int64(i)*50_000 + id%2 // odd series are later
			samples = append(samples, block.Sample{SeriesID: id, TS: ts, Value: v})
		}
		return samples
	}
	tests := map[string]struct {
		samples []block.Sample
		want    string
	}{
		"nothing": {nil, `[]`},
		"one":     {at(2, 20.5), `[{"t":[0],"v":{"2":20.5}}]`},
		"the same": {
			at(2, 0, math.Copysign(0, -1), 0),
			`[{"t":[0,50000,100000],"v":{"2":0}}]`,
		},
		"runs": {
			at(2, -7, -7, 0.25, 0.25),
			`[{"t":[0,50000,100000,150000],"v":{"2":[[0,-7],[2,0.25]]}}]`,
		},
		"a list": {at(2, 1, 1, 2), `[{"t":[0,50000,100000],"v":{"2":[1,1,2]}}]`},
		"shared": {
			slices.Concat(at(6, 1, 1), at(3, 4, 5), at(2, 1.125, 2), at(1, 3, 3)),
			`[{"t":[1,50001],"v":{"1":3,"3":[4,5]}},{"t":[0,50000],"v":{"2":[1.125,2],"6":1}}]`,
		},
		"one moment apart": {
			slices.Concat(
				at(2, 1, 1), []block.Sample{{4, base, 2}, {4, base + 9, 2}}, at(6, 1, 1),
				[]block.Sample{{8, base, 3}, {8, base + 9, 3}}, at(10, 1, 1),
			),
			`[{"t":[0,50000],"v":{"2":1,"6":1,"10":1}},{"t":[0,9],"v":{"4":2,"8":3}}]`,
		},
		"another part": {at(513, 1), `[{"t":[1],"v":{"513":1}}]`},
		"numbers": {
			at(0, 1e15, 1<<53, 1<<54, 1e300, 5e-324, 0.001, 1234567.8, -0.1, 1e-4, 2.0/3),
			`[{"t":[0,50000,100000,150000,200000,250000,300000,350000,400000,450000],"v":{"0":` +
				`[1000000000000000,9007199254740992,18014398509481984,1e+300,5e-324,0.001,1234567.8,` +
				`-0.1,1e-04,0.6666666666666666]}}]`,
		},
	}
	var encoder block.Encoder
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(encoder.Encode(nil, test.samples, base))
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// A moment before the block's is that of a block whose key was taken.
func TestMomentBeforeTheBlocks(t *testing.T) {
	var encoder block.Encoder
	samples := []block.Sample{{SeriesID: 1, TS: base, Value: 3}}
	payload := encoder.Encode(nil, samples, base+1000)
	if want := `[{"t":[-1000],"v":{"1":3}}]`; string(payload) != want {
		t.Fatalf("got %s, want %s", payload, want)
	}
	var walker block.Walker
	walker.Open(payload, base+1000)
	got, err := walk(t, &walker)
	if want := (history{1: {base: 3}}); err != nil || !cmp.Equal(want, got) {
		t.Errorf("got %v and error %v, want %v", got, err, want)
	}
}

func TestSeriesOfSeveralParts(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("they went into one block")
		}
	}()
	var encoder block.Encoder
	encoder.Encode(nil, []block.Sample{{SeriesID: 255}, {SeriesID: 256}}, 0)
}

// Ids that are parts of each other, and moments and values that look like them.
func TestOneOfSeriesThatLookAlike(t *testing.T) {
	payload := `[{"t":[1,11,111],"v":{"111":[[0,1],[1,11]],"11":[111,11,1]}},{"t":[11],"v":{"1":111}}]`
	want := history{
		111: {1: 1, 11: 11, 111: 11},
		11:  {1: 111, 11: 11, 111: 1},
		1:   {11: 111},
	}
	var walker block.Walker
	for id, series := range want {
		walker.OpenOne([]byte(payload), 0, id)
		got, err := walk(t, &walker)
		if want := (history{id: series}); err != nil || !cmp.Equal(want, got) {
			t.Errorf("series %d: got %v and error %v, want %v", id, got, err, want)
		}
	}
}

// A person who writes a block by hand may space it out.
func TestWhiteSpace(t *testing.T) {
	want := history{1: {0: 5, 7: 5}, 2: {0: 1, 7: 2.5}, 3: {1: 4}}
	for _, payload := range []string{
		`[{"t":[0,7],"v":{"1":5,"2":[1,2.5]}},{"t":[1],"v":{"3":4}}]` + "\n",
		`[{"t":[0,7],"v":{"1":5,"2":[1,2.5]}}, {"t" : [1],"v":{"3":4}}]`,
		`[{"t":[0,7],"v":{"1":5,"2" :[1,2.5]}},{"t":[1],"v":{"3":4 }}]`,
		" [ { \"t\" : [ 0 , 7 ] , \"v\" : { \"1\" : [ [ 0 , 5 ] ] , \"2\" : [ 1 , 2.5 ] } } ,\r\n" +
			"\t{ \"t\" : [ 1 ] , \"v\" : { \"3\" : 4.0e0 } } ] ",
	} {
		var walker block.Walker
		walker.Open([]byte(payload), 0)
		if got, err := walk(t, &walker); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s\nerror %v\n%s", payload, err, cmp.Diff(want, got))
		}
		for id, series := range want {
			walker.OpenOne([]byte(payload), 0, id)
			got, err := walk(t, &walker)
			if want := (history{id: series}); err != nil || !cmp.Equal(want, got) {
				t.Errorf("series %d of %s\nerror %v\n%s", id, payload, err, cmp.Diff(want, got))
			}
		}
	}
}

func TestElementWithoutSeries(t *testing.T) {
	var walker block.Walker
	walker.Open([]byte(`[{"t":[0],"v":{}},{"t":[1],"v":{"3":4}},{"t":[2],"v":{}}]`), 0)
	got, err := walk(t, &walker)
	if want := (history{3: {1: 4}}); err != nil || !cmp.Equal(want, got) {
		t.Errorf("got %v and error %v, want %v", got, err, want)
	}
}

func TestMalformed(t *testing.T) {
	const most = math.MaxInt64
	for _, payload := range []string{
		``, ` `, `[`, `]`, `{}`, `[]]`, `[] x`, `[,]`, `[{}]`, `null`,
		`[{"t":[],"v":{}}]`, `[{"t":[1],"v":{}},]`, `[{"v":{},"t":[1]}]`, `[{"t":[1],"v":{}}`,
		`[{"t":[1],"v":{"1":1}}]x`, `[{"t":[1],"v":{"1":1,}}]`,
		`[{"t":[1],"v":{"1":1}}{"t":[2],"v":{}}]`,
		`[{"t":[1,1],"v":{"1":1}}]`, `[{"t":[2,1],"v":{"1":1}}]`, `[{"t":[01],"v":{"1":1}}]`,
		`[{"t":[1.0],"v":{"1":1}}]`, `[{"t":[1,],"v":{"1":1}}]`, `[{"t":[-],"v":{"1":1}}]`,
		`[{"t":[1000000000000000000],"v":{"1":1}}]`, `[{"t":[101],"v":{"1":1}}]`,
		`[{"t":[1],"v":{"1":[]}}]`, `[{"t":[1],"v":{"1":[1,2]}}]`, `[{"t":[1,2],"v":{"1":[1]}}]`,
		`[{"t":[1,2],"v":{"1":[1,2}}]`, `[{"t":[1,2],"v":{"1":[1,2`, `[{"t":[1],"v":{"1":[[0]]}}]`,
		`[{"t":[1],"v":{"1":[[0,]]}}]`,
		`[{"t":[1],"v":{"1":[[0,1],[1,2]]}}]`, `[{"t":[1,2],"v":{"1":[[1,2]]}}]`,
		`[{"t":[1,2],"v":{"1":[[0,1],[0,2]]}}]`, `[{"t":[1,2,3],"v":{"1":[[0,1],[2,2],[1,2]]}}]`,
		`[{"t":[1,2],"v":{"1":[[0,1],]}}]`, `[{"t":[1,2],"v":{"1":[[0,1]}}]`,
		`[{"t":[1],"v":{"1":1,"1":1}}]`, `[{"t":[1],"v":{"1":1}},{"t":[2],"v":{"1":1}}]`,
		`[{"t":[1],"v":{"1":1,"256":1}}]`, `[{"t":[1],"v":{"01":1}}]`, `[{"t":[1],"v":{"-1":1}}]`,
		`[{"t":[1],"v":{"":1}}]`, `[{"t":[1],"v":{1:1}}]`, `[{"t":[1],"v":{"1000000000000000000":1}}]`,
		`[{"t":[1],"v":{"1":1e309}}]`, `[{"t":[1],"v":{"1":NaN}}]`, `[{"t":[1],"v":{"1":-Inf}}]`,
		`[{"t":[1],"v":{"1":null}}]`, `[{"t":[1],"v":{"1":"1"}}]`, `[{"t":[1],"v":{"1":0x1}}]`,
		`[{"t":[1],"v":{"1":.5}}]`, `[{"t":[1],"v":{"1":1.}}]`, `[{"t":[1],"v":{"1":+1}}]`,
		`[{"t":[1],"v":{"1":1e}}]`, `[{"t":[1],"v":{"1":1e+}}]`, `[{"t":[1],"v":{"1":1_0}}]`,
		`[{"t":[1],"v":{"1":00}}]`, `[{"t":[1],"v":{"1":-}}]`, `[{"t ":[1],"v":{"1":1}}]`,
		`[{"t":[1], "v":{"1":1 2}}]`, `[{"t":[1],"v":{"1":1}}, ]`,
	} {
		var walker block.Walker
		walker.Open([]byte(payload), most-100)
		if _, err := walk(t, &walker); !errors.Is(err, block.ErrMalformed) {
			t.Errorf("%s: got error %v, want %v", payload, err, block.ErrMalformed)
		}
		walker.Open([]byte(`[{"t":[1],"v":{"1":1}}]`), 0)
		if got, err := walk(t, &walker); err != nil || len(got) != 1 {
			t.Errorf("after %s a sound payload: got %v, error %v", payload, got, err)
		}
	}
}

// What OpenOne looks at has to be right.
func TestMalformedOne(t *testing.T) {
	for _, payload := range []string{
		`"1":1`, `["1":1}`, `["1":1}]`, `["1"`, `[{"t":[1],"v":["1"]}]`,
		`[{"t":["1":1],"v":{}}]`, `[{"t":[1],"v":{"1":1}`,
		`[{"t":[1],"v":{"1":1]}]`, `[{"t":[1]},{"t":[1],"v":{"1":1}}]`, `[{"t":[],"v":{"1":1}}]`,
	} {
		var walker block.Walker
		walker.OpenOne([]byte(payload), 0, 1)
		if got, err := walk(t, &walker); !errors.Is(err, block.ErrMalformed) {
			t.Errorf("%s: got %v, error %v, want %v", payload, got, err, block.ErrMalformed)
		}
	}
}
