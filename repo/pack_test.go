package repo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What is no finite number was not written by this program, and is left out: the rest is read.
func TestNumbersThatAreNone(t *testing.T) {
	path := oneSample(t)
	filetest.Exec(t, path,
		"INSERT INTO raw_samples (ts, series_id, value) VALUES (0, 1, 9e999), (2, 1, 3)")
	snapshot, err := openReader(t, path).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var values []float64
	for row, err := range snapshot.Scan(t.Context(), repo.Raw, snapshot.Series,
		repo.Span{From: 0, Until: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, row.Sum)
	}
	if diff := cmp.Diff([]float64{1, 3}, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
