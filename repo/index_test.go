package repo_test

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A page of the WAL goes to its own place in the file, whatever the index says, of which nothing
// has a checksum.
func TestWrongPageNumberInTheIndex(t *testing.T) {
	path := filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, every(1_000_000, start, start.Add(time.Hour), newSeries("rtt"))...)
	if err := w.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, w, every(1_000_000, start.Add(time.Hour), start.Add(2*time.Hour), newSeries("rtt"))...)
	swapPage(t, path+"-shm")
	err = w.Checkpoint(t.Context())
	if !errors.Is(err, repo.ErrDamaged) {
		t.Errorf("checkpoint: %v, want %v", err, repo.ErrDamaged)
	}
	if err := w.Renew(t.Context(), err); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
	if n := filetest.Int(t, path, filetest.CountRawSamples); n != 7200 {
		t.Errorf("%d samples, want 7200", n)
	}
}

// swapPage has an index say of the last frame that it is of a page which has none in the WAL.
func swapPage(t *testing.T, path string) {
	t.Helper()
	const framesAt, pagesAt, numbersAt = 16, 20, 136
	index, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(index[at:]) }
	var numbers []uint32
	for i := range int(word(framesAt)) {
		numbers = append(numbers, word(numbersAt+4*i))
	}
	other := word(pagesAt)
	for slices.Contains(numbers, other) {
		other--
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(binary.LittleEndian.AppendUint32(nil, other),
		int64(numbersAt+4*(len(numbers)-1)))
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}
