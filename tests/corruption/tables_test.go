package corruption

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// What somebody's own table in the file says, and whether that keeps to the rules that they have
// given it, is no matter of the history: it is recorded, read and copied as ever.
func TestTableOfSomebody(t *testing.T) {
	whole, want := closed(t)
	path := whole.put(t)
	filetest.Exec(t, path,
		"CREATE TABLE notes (line INTEGER CHECK (line > 0)); PRAGMA ignore_check_constraints = on; "+
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

// What a file says of a table is told of when it is put right, and is read as before.
func TestSchemaIsPutRight(t *testing.T) {
	whole, want := small(t)
	path := whole.put(t)
	filetest.Exec(t, path,
		"PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = replace(sql, 'unit TEXT', 'unjt "+
			"TEXT')")
	lines, logger := newLogged()
	w := openWith(t, service.Config{DBPath: path, KeepRaw: time.Hour}, service.Options{Logger: logger})
	must(t, w.Close(t.Context()))
	lines.saw(t, "has been put right")
	readsRightOrTells(t, path, want)
}
