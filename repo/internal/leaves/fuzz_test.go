package leaves_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// Whatever has happened to the bytes of a history and its WAL, a walk ends without a panic, and a
// row that is proven by its check value was written.
//
//ci:fuzz 2000
func FuzzDamaged(f *testing.F) {
	data, wal, written := smallHistory(f)
	none, noWAL := []byte(nil), uint16(len(wal))
	f.Add(none, uint16(0), none, uint16(0))
	for page := range len(data) / 512 {
		at := page * 512
		f.Add(filetest.Patch(at, data[at]^7), uint16(0), none, uint16(0))         // another kind
		f.Add(filetest.Patch(at+3, 0xff, 0xff), uint16(0), none, noWAL)           // cells
		f.Add(filetest.Patch(at+8, 0, 0, 0, 2), uint16(page), none, noWAL)        // pointers
		f.Add(filetest.Patch(at+400, 0xff, 0xf0, 0xff), uint16(0), none, noWAL)   // content
		f.Add(none, uint16(0), filetest.Patch(page*(24+512), 0x7f), uint16(page)) // frames
	}
	f.Fuzz(func(t *testing.T, recipe []byte, cut uint16, walRecipe []byte, walCut uint16) {
		path := filepath.Join(t.TempDir(), "history.db")
		must(t, errors.Join(
			os.WriteFile(path, filetest.Damage(data, recipe, cut), 0o600),
			os.WriteFile(path+"-wal", filetest.Damage(wal, walRecipe, walCut), 0o600),
		))
		hung := time.AfterFunc(time.Minute, func() { panic("it takes for ever") })
		defer hung.Stop()
		file := open(t, path)
		for page, err := range file.Walk(t.Context(), 1) {
			must(t, err)
			for _, row := range page.Rows {
				text := describeRow(row)
				if row.Proof == leaves.ByCheckValue && row.Table != "series" && written[text] == 0 {
					t.Errorf("page %d has what was never written: %.200s", page.Number, text)
				}
			}
		}
	})
}

// smallHistory returns a history and its WAL, in which there is one transaction, and all rows that
// lie anywhere in them.
func smallHistory(f *testing.F) (data, wal []byte, written rows) {
	f.Helper()
	path := filetest.Path(f)
	w, err := repo.OpenWriter(f.Context(), path, repo.SynchronousNormal)
	must(f, err)
	series := manySeries()
	must(f, errors.Join(
		write(w, series, start, start.Add(8*time.Minute), 20*time.Second),
		declare(w), rollUp(w, repo.Minute, start.Add(7*time.Minute)), w.Checkpoint(f.Context()),
		write(w, series[:2], start.Add(3*time.Minute+1), start.Add(5*time.Minute), 15*time.Second),
	))
	copied := filepath.Join(f.TempDir(), "copied.db")
	must(f, filetest.CopyOpen(path, copied))
	must(f, w.Close())
	written = present(f, copied)
	wal, err = os.ReadFile(copied + "-wal")
	must(f, errors.Join(err, os.Remove(copied+"-wal")))
	maps.Copy(written, present(f, copied))
	data, err = os.ReadFile(copied)
	must(f, err)
	return data, wal, written
}

// present returns what lies in a file, deleted or not.
func present(t testing.TB, path string) rows {
	t.Helper()
	file, err := leaves.Open(t.Context(), path)
	must(t, err)
	file.TakeAllForUsed()
	found := walkFile(t, file).rows
	must(t, file.Close())
	return found
}
