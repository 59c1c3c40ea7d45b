package leaves_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// A byte is changed in each page, and in each place of the header and of a page of the pointer map:
// that costs rows of its page at most, and makes none.
func TestFlippedByte(t *testing.T) {
	v := newVictim(t, history(t))
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= v.pages; n += 9 {
		v.flip(t, random, (n-1)*v.pageSize+random.IntN(v.pageSize))
	}
	for at := range 100 {
		v.flip(t, random, at)
	}
	for at := 0; at < v.pageSize; at += 11 {
		v.flip(t, random, v.pageSize+at)
	}
}

func (v *victim) flip(t *testing.T, random *rand.Rand, place int) {
	t.Helper()
	data, err := os.ReadFile(v.path)
	must(t, err)
	data[place] ^= byte(1 + random.IntN(255))
	path := filepath.Join(t.TempDir(), "flipped.db")
	must(t, os.WriteFile(path, data, 0o600))
	want := v.intact(func(n int) bool { return n == place/v.pageSize+1 })
	where := fmt.Sprintf("byte %d of page %d", place%v.pageSize, place/v.pageSize+1)
	found := rows{}
	file := open(t, path)
	for page, err := range file.Walk(t.Context(), 1) {
		must(t, err)
		for _, row := range page.Rows {
			text := describeRow(row)
			found[text]++
			sealed := row.Proof == leaves.ByCheckValue && !strings.HasPrefix(text, "series ")
			if sealed && v.present[text] == 0 {
				t.Errorf("%s: never written: %.200s", where, text)
			}
			if sealed && v.inUse[text] == 0 && !page.Doubtful {
				t.Errorf("%s: deleted: %.200s", where, text)
			}
		}
	}
	if missing := want.minus(found); len(missing) > 0 {
		t.Errorf("%s: %d missing, %.200s", where, len(missing), missing[0])
	}
	must(t, os.Remove(path))
}
