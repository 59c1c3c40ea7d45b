package corruption

import (
	"fmt"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Whatever text somebody puts into a block: nothing panics, nothing stands still, and what the
// other blocks have is there, in all tiers.
//
//ci:fuzz 60
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{
		``, `[]`, `[{}]`, `[{"t":[0],"v":{"1":1}}]`, `[{"t":[0,1000000],"v":{"1":[1,2],"2":3}}]`,
		`[{"t":[0,1],"v":{"1":[[0,1],[1,2]]}}]`, `[{"t":[9e9],"v":{"1":1}}]`, `[{"t":[0],"v":{"300":1}}]`,
		`[{"t":[0],"v":{"1":1e300}}]`, `[{"t":[0,0],"v":{"1":1}}]`, `null`, `{"t":`,
		`[{"t":[-2000],"v":{"1":1}}]`,
		` [ { "t" : [ 0 , 1 ] , "v" : { "1" : 5 , "2" : 6 } } ] `, `[{"t":[59999999],"v":{"2":-0}}]`,
	} {
		f.Add(seed, int64(len(seed)), int64(0))
	}
	f.Fuzz(func(t *testing.T, payload string, count, span int64) {
		path, middle := threeBlocks(t)
		filetest.Exec(t, path, fmt.Sprintf(
			"UPDATE raw_blocks SET payload = CAST(x'%x' AS TEXT), count = %d, last_ts = id + %d WHERE id "+
				"= %d",
			payload, count, span, middle.UnixMicro()))
		hasOthers(t, path, service.Raw, middle)
		w := openWith(t, service.Config{DBPath: path, KeepRaw: time.Hour}, service.Options{})
		maintain(t, w)
		must(t, w.Close(t.Context()))
		hasOthers(t, path, service.Raw, middle)
		hasOthers(t, path, service.Minute, middle)
	})
}

// threeBlocks is a history of three blocks, each of two samples, and when the second one is.
func threeBlocks(t *testing.T) (path string, middle time.Time) {
	t.Helper()
	path = filetest.Path(t)
	w := openWith(t, service.Config{DBPath: path, KeepRaw: time.Hour}, service.Options{})
	middle = time.Now().Add(-10 * time.Minute).Truncate(time.Minute)
	for i, at := range threeTimes(middle) {
		for _, s := range manySeries(t, w)[:2] {
			w.Record(service.Sample{Series: s, Time: at, Value: float64(i + 1)})
		}
		must(t, w.Flush(t.Context()))
	}
	must(t, w.Close(t.Context()))
	return path, middle
}

func threeTimes(middle time.Time) []time.Time {
	return []time.Time{middle.Add(-5 * time.Minute), middle, middle.Add(5 * time.Minute)}
}

// hasOthers says that a tier has what the blocks beside the middle one brought.
func hasOthers(t *testing.T, path string, tier service.Granularity, middle time.Time) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	got := map[string]int{}
	query := service.Query{From: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour),
		Only: &tier}
	for point, err := range h.Range(t.Context(), query) {
		must(t, err)
		got[fmt.Sprint(point.Time.UnixMicro(), point.Value, point.Count)]++
	}
	for i, at := range threeTimes(middle) {
		if line := fmt.Sprint(at.UnixMicro(), float64(i+1), 1); i != 1 && got[line] != 2 {
			t.Errorf("%s has %s %d times, want 2", tier, line, got[line])
		}
	}
}
