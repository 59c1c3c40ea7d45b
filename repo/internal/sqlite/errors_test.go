package sqlite_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// A path is named once, as it was given, also where the system was asked for the whole path.
func TestFailureNamesAPathOnce(t *testing.T) {
	full, err := filepath.Abs("wan.db")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"wan.db":        "open wan.db: permission denied",
		full:            "open wan.db: permission denied",
		"/etc/other.db": "open wan.db: open /etc/other.db: permission denied",
	} {
		cause := &fs.PathError{Op: "open", Path: path, Err: errors.New("permission denied")}
		got := sqlite.Failure(t.Context(), "open", "wan.db", cause)
		if got.Error() != want || !errors.Is(got, cause) {
			t.Errorf("of %s: %v, want %s", path, got, want)
		}
	}
}
