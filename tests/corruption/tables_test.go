package corruption

import (
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What somebody's own table in the file says, and whether that keeps to the rules that they have given it, is no matter of the
// history: it is recorded, read and copied as ever.
func TestTableOfSomebody(t *testing.T) {
	whole, want := closed(t)
	path := whole.put(t)
	filetest.Exec(t, path, "CREATE TABLE notes (line INTEGER CHECK (line > 0)); PRAGMA ignore_check_constraints = on; "+
		"INSERT INTO notes VALUES (-1)")
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	status, err := h.Status(t.Context())
	must(t, err)
	if status.Check != "ok" {
		t.Errorf("the check says %q", status.Check)
	}
	if _, err := h.Backup(t.Context(), filepath.Join(t.TempDir(), "backup.db")); err != nil {
		t.Error(err)
	}
	if goesOn(t, path, want) {
		t.Error("the history was moved aside")
	}
}
