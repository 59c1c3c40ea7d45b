package filetest

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the file below
	"fmt"
	"io"
	"os"
	"testing"
)

// A file of version 3, as a program of that version has written it: 70 minutes of the metrics rtt,
// plain, which keeps no percentiles, and state, from 2026-11-01 12:00 UTC on, and a late sample.
//
//go:embed old/0003_history.db.gz
var thirdVersion []byte

// MakeVersion3 makes the file at path one of version 3, in which buckets have their sketches.
func MakeVersion3(t testing.TB, path string) {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(thirdVersion))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unpacked)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// DumpSketches returns the buckets that have a sketch, in a file of version 3 or of this one.
func DumpSketches(t testing.TB, path string) (dump []string) {
	t.Helper()
	query := `SELECT granularity, series_id, ts, hex(sketch), chk IS NULL FROM rollups
		WHERE sketch IS NOT NULL ORDER BY 1, 2, 3`
	if Int(t, path, "SELECT count(*) FROM sqlite_schema WHERE name = 'sketches'") > 0 {
		query = `SELECT r.granularity, r.series_id, r.ts, hex(k.sketch), k.chk IS NULL
			FROM rollups AS r
			JOIN sketches AS k ON k.id = r.series_id * 10000000000 + r.ts / 60000000
				+ CASE r.granularity WHEN '1m' THEN 1 WHEN '5m' THEN 2 ELSE 3 END * 1000000000
			ORDER BY 1, 2, 3`
	}
	for _, row := range Query(t, path, query) {
		dump = append(dump, fmt.Sprint(row))
	}
	return dump
}
