package repo_test

import (
	"errors"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What is no finite number was not written by this program.
func TestNumbersThatAreNone(t *testing.T) {
	path := oneSample(t)
	filetest.Exec(t, path, "UPDATE raw_samples SET value = 9e999")
	reader, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	snapshot, err := reader.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	found := false
	for row, err := range snapshot.Scan(t.Context(), repo.Raw, snapshot.Series, repo.Span{From: 0, Until: 2}) {
		if !errors.Is(err, repo.ErrDamaged) {
			t.Errorf("got %+v and error %v, want %v", row, err, repo.ErrDamaged)
		}
		found = true
	}
	if !found {
		t.Error("the row was passed over")
	}
}
