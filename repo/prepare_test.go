package repo_test

import (
	"errors"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A statement that the schema does not fit is said to be that, and not that the connection could
// not be closed.
func TestSchemaOfSomebody(t *testing.T) {
	path := oneSample(t)
	filetest.Exec(t, path, "ALTER TABLE rollups RENAME COLUMN max TO most")
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrForeign) || errors.Is(err, repo.ErrBusy) {
		t.Errorf("error %v, want %v", err, repo.ErrForeign)
	}
}
