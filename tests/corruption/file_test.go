package corruption

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

const pageSize = 512

// flip changes some bits of one byte.
func flip(random *rand.Rand, data []byte, place int) { data[place] ^= byte(1 + random.IntN(255)) }

// A byte is flipped in each page in turn. Whoever reads either gets what was written or hears of the damage; whoever records
// goes on.
func TestFlippedByte(t *testing.T) {
	random := filetest.Random(t)
	whole, want := closed(t)
	pages := len(whole[""]) / pageSize
	step := 1
	if testing.Short() {
		step = 8
	}
	told, moved := 0, 0
	for page := 0; page < pages; page += step {
		damaged := whole.clone()
		place := page*pageSize + random.IntN(pageSize)
		flip(random, damaged[""], place)
		path := damaged.put(t)
		if !readsRightOrTells(t, path, want) {
			told++
		}
		if goesOn(t, path, want) {
			moved++
		}
		if t.Failed() {
			t.Fatalf("byte %d, which is %d of page %d", place, place%pageSize, page+1)
		}
	}
	t.Logf("%d pages: %d were told of by reading, %d by opening to record", pages, told, moved)
	if told == 0 || moved == 0 {
		t.Error("no damage was found at all")
	}
}

// Each byte of the header, with a few bits of each.
func TestFlippedHeader(t *testing.T) {
	random := filetest.Random(t)
	whole, want := closed(t)
	for place := range 100 {
		damaged := whole.clone()
		flip(random, damaged[""], place)
		path := damaged.put(t)
		if readsRightOrTells(t, path, want) {
			t.Errorf("byte %d of the header is flipped, and reading says nothing", place)
		}
		if !goesOn(t, path, want) {
			t.Errorf("byte %d of the header is flipped, and recording goes on in it", place)
		}
	}
}

// The byte that says that pages have checksums does not turn them off.
func TestFlippedChecksumSwitch(t *testing.T) {
	whole, want := closed(t)
	for value := range 256 {
		damaged := whole.clone()
		if damaged[""][20] == byte(value) {
			continue
		}
		damaged[""][20] = byte(value)
		if readsRightOrTells(t, damaged.put(t), want) {
			t.Errorf("byte 20 is %d, and reading says nothing", value)
		}
	}
}

func TestTruncated(t *testing.T) {
	random := filetest.Random(t)
	whole, want := closed(t)
	size := len(whole[""])
	sizes := []int{1, 15, 16, 99, 100, 101, 511, size - 1}
	step := pageSize
	if testing.Short() {
		step *= 16
	}
	for at := pageSize; at < size; at += step {
		sizes = append(sizes, at, at+1+random.IntN(pageSize-1))
	}
	for _, at := range sizes {
		if at >= size {
			continue
		}
		damaged := whole.clone()
		damaged[""] = damaged[""][:at]
		path := damaged.put(t)
		if readsRightOrTells(t, path, want) {
			t.Errorf("cut at %d of %d bytes, and reading says nothing", at, size)
		}
		if !goesOn(t, path, want) {
			t.Errorf("cut at %d of %d bytes, and recording goes on in it", at, size)
		}
	}
}

// Noise where a history was is moved aside; noise that somebody has named by mistake stays as it is.
func TestNoise(t *testing.T) {
	random := filetest.Random(t)
	whole, _ := closed(t)
	for _, size := range []int{1, 16, 99, 100, 512, 4096, 100_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			noise := make([]byte, size)
			for i := range noise {
				noise[i] = byte(random.Uint32())
			}
			path := set{"": noise, ".lock": whole[".lock"]}.put(t)
			if readsRightOrTells(t, path, nil) {
				t.Error("noise was read")
			}
			if !goesOn(t, path, nil) {
				t.Error("recording goes on in noise")
			}

			path = set{"": noise}.put(t)
			_, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{})
			if !isDamage(err) {
				t.Errorf("open: %v, want %v", err, service.ErrNotDatabase)
			}
			left, err := os.ReadDir(filepath.Dir(path))
			must(t, err)
			got, err := os.ReadFile(path)
			must(t, err)
			if len(left) != 1 || !bytes.Equal(got, noise) {
				t.Errorf("a file that never was a history was not left alone: %v", left)
			}
		})
	}
}

// A file of zeros, as a card leaves it that has lost its map.
func TestZeros(t *testing.T) {
	whole, want := closed(t)
	random := filetest.Random(t)
	for range 20 {
		damaged := whole.clone()
		from := random.IntN(len(damaged[""])/4096) * 4096
		clear(damaged[""][from:min(from+4096, len(damaged[""]))])
		path := damaged.put(t)
		readsRightOrTells(t, path, want)
		goesOn(t, path, want)
		if t.Failed() {
			t.Fatalf("4096 bytes from %d on are zero", from)
		}
	}
}

// A file without checksums, which another program has copied row by row, is a history like any other.
func TestWithoutChecksums(t *testing.T) {
	path := filetest.Path(t)
	must(t, open(t, path).Close(t.Context()))
	if got := take(t, path)[""][20]; got != 8 {
		t.Errorf("a new file has %d bytes a page for checksums, want 8", got)
	}
	plain := filetest.Path(t)
	filetest.Exec(t, plain, "PRAGMA page_size = 512; PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal")
	w := open(t, plain)
	fill(t, w)
	maintain(t, w)
	must(t, w.Close(t.Context()))
	if got := take(t, plain)[""][20]; got != 0 {
		t.Errorf("a file that was there before has %d bytes a page for checksums, want 0", got)
	}
	if goesOn(t, plain, read(t, plain)) {
		t.Error("it was moved aside")
	}
}

// A backup has checksums like its history.
func TestBackupHasChecksums(t *testing.T) {
	whole, want := closed(t)
	h, err := service.OpenHistory(t.Context(), whole.put(t))
	must(t, err)
	dest := filetest.Path(t)
	_, err = h.Backup(t.Context(), dest)
	must(t, errors.Join(err, h.Close()))
	if got := take(t, dest)[""][20]; got != 8 {
		t.Fatalf("a backup has %d bytes a page for checksums, want 8", got)
	}
	readsRightOrTells(t, dest, want)
	mended := append([]byte(nil), take(t, dest)[""]...)
	filetest.Mend(mended)
	if !bytes.Equal(mended, take(t, dest)[""]) {
		t.Error("the checksums of a backup are wrong")
	}
}
