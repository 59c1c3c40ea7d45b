package plans

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/tests/internal/update"
)

// TestSchema keeps what a new file is made of: a change here is a change of the file format, which
// wants a migration of its own and a line in docs/FORMAT.md.
func TestSchema(t *testing.T) {
	path := filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, pragma := range []string{"page_size", "auto_vacuum", "journal_mode", "application_id",
		"user_version", "encoding"} {
		fmt.Fprintf(&text, "%s = %v\n", pragma, filetest.Query(t, path, "PRAGMA "+pragma)[0][0])
	}
	for _, row := range filetest.Query(t, path,
		"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name") {
		fmt.Fprintf(&text, "\n-- %s %s on %s\n", row[0], row[1], row[2])
		if row[3] != nil {
			fmt.Fprintf(&text, "%s;\n", row[3])
		}
	}
	text.WriteString("\n-- rows of a new file\n")
	for _, row := range filetest.Query(t, path, "SELECT * FROM tiers ORDER BY keep, granularity") {
		fmt.Fprintln(&text, row...)
	}
	update.Golden(t, filepath.Join("testdata", "schema.golden"), text.String())
}
