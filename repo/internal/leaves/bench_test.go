package leaves_test

import (
	"os"
	"testing"
)

func BenchmarkWalk(b *testing.B) {
	path := history(b)
	info, err := os.Stat(path)
	must(b, err)
	file := open(b, path)
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range file.Walk(b.Context(), 1) {
			must(b, err)
		}
	}
}
