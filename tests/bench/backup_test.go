package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// BenchmarkBackup copies an hour of a controller, 504,000 raw samples, with the check of the copy.
func BenchmarkBackup(b *testing.B) {
	w := newWorld(b, controller, service.Config{})
	for range 60 {
		w.write(b, 20*60)
	}
	history, err := service.OpenHistory(context.Background(), w.writer.Path())
	if err != nil {
		b.Fatal(err)
	}
	defer history.Close()
	folder := b.TempDir()
	for n := 0; b.Loop(); n++ {
		bytes, err := history.Backup(context.Background(), filepath.Join(folder, fmt.Sprintf("%d.db", n)))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(bytes)
	}
}
