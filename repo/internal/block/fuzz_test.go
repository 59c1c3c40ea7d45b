package block_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/repo/internal/block"
)

// Whatever bytes there are, a walker ends, and what it takes is JSON in which it finds each series
// by itself too.
//
//ci:fuzz 100000
func FuzzWalker(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"t":[-1,0,50000],"v":{"1":[1.5,-2e-7,3],"11":7,"111":[[0,1],[2,0.25]]}}]`,
		`[{"t":[0],"v":{"1":1}},{"t":[1,2],"v":{"2":[12345678901234567890,0.1]}}]`,
		` [ { "t" : [ 0 ] , "v" : { "1" : 1 } } ] `, `[{"t":[0],"v":{}}]`, `[{"t":[0],"v":{"1":"1"}}]`,
	} {
		f.Add([]byte(seed), int64(base))
	}
	f.Fuzz(func(t *testing.T, payload []byte, base int64) {
		var walker, one block.Walker
		walker.Open(payload, base)
		all, err := walk(t, &walker)
		if err != nil && !errors.Is(err, block.ErrMalformed) {
			t.Fatalf("error %v", err)
		}
		if err == nil && !json.Valid(payload) {
			t.Fatalf("took %q", payload)
		}
		for id := range int64(13) {
			one.OpenOne(payload, base, id)
			got, oneErr := walk(t, &one)
			if err != nil {
				continue
			}
			want := history{}
			if all[id] != nil {
				want[id] = all[id]
			}
			if oneErr != nil || !cmp.Equal(want, got) {
				t.Fatalf("series %d of %q: error %v\n%s", id, payload, oneErr, cmp.Diff(want, got))
			}
		}
	})
}
