package importer_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
)

// Whatever is wrong with a database of wanctl, an import ends soon, with rows that are samples, bad
// rows and errors with short reasons; what is reported as stored is in the history; and the
// database is left as it was.
//
//ci:fuzz 150
func FuzzWanctl(f *testing.F) {
	sound := wanctlBytes(f)
	f.Add([]byte(nil), uint16(0))
	f.Add([]byte(nil), uint16(4096))
	f.Add([]byte(nil), uint16(1))
	f.Add(filetest.Patch(16, 2, 0), uint16(0))            // another page size
	f.Add(filetest.Patch(18, 1, 1), uint16(0))            // not in WAL mode
	f.Add(filetest.Patch(100, 2), uint16(0))              // the schema's page is of an index
	f.Add(filetest.Patch(4096, 5, 0, 0, 0, 9), uint16(0)) // an inner page without children
	for _, text := range []string{"raw", "wan0", "wanctl_rtt_ms", "CREATE TABLE", "timestamp", "REAL",
		`{"a"`, "idx_"} {
		if place := bytes.LastIndex(sound, []byte(text)); place >= 0 {
			f.Add(filetest.Patch(place, 0xff), uint16(0))
			f.Add(filetest.Patch(place-1, 0), uint16(0))
			f.Add(filetest.Patch(place-9, 1, 2, 3, 4, 5, 6, 7, 8), uint16(0))
		}
	}
	f.Fuzz(func(t *testing.T, recipe []byte, cut uint16) {
		s := newStore(t)
		data := filetest.Damage(sound, recipe, cut)
		path := filepath.Join(t.TempDir(), "wanctl.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		const longest = 20 * time.Second // it takes milliseconds
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		options := importer.Options{SkipBad: true,
			OnBad: func(line *importer.LineError) { checkShort(t, line) }}
		result, err := importer.Wanctl(ctx, s.writer, path,
			options.WithClock(func() time.Time { return now }))
		checkShort(t, err)
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the import has not ended within %s", longest)
		}
		s.wantCount(result.Stored)
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, data) {
			t.Errorf("the database has been changed, %v", err)
		}
	})
}

// wanctlBytes returns the bytes of a database with a few rows of each kind.
func wanctlBytes(f *testing.F) []byte {
	f.Helper()
	db := filetest.NewWanctlDB(f)
	labeled, other, aggregated := rtt(2, 2.5, "raw"), rtt(2, 3.5, "raw"), rtt(-600, 9, "5m")
	labeled.Labels, other.WAN = `{"a":"b"}`, "wan1"
	db.Add(rtt(0, 1, "raw"), rtt(0, 2, "raw"), labeled, other, aggregated, rtt(3, 4, "raw"),
		rtt(1, 5, "raw"))
	db.Close()
	data, err := os.ReadFile(db.Path)
	if err != nil {
		f.Fatal(err)
	}
	return data
}
