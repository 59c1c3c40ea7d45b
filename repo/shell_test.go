package repo_test

import (
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// shell has sqlite3, the shell of SQLite, read a text for the database at path, and returns what it
// says.
func shell(t *testing.T, path, text string) string {
	t.Helper()
	child := exec.CommandContext(t.Context(), filetest.Shell(t), path)
	child.Stdin = strings.NewReader(text)
	said, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3 says of %.100s: %v: %s", text, err, said)
	}
	return strings.TrimSpace(string(said))
}

// record makes a history of two hours of samples, whose first one has been rolled up, and closes
// it.
func record(t *testing.T) (path string) {
	t.Helper()
	path = filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, every(second, start, start+2*hour, newSeries("rtt"))...)
	rollUp(t, w, repo.Minute, start+hour, 0)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	second repo.Micros = 1_000_000
	hour               = 3600 * second
)

// said is all that a history has.
type said struct {
	Samples []repo.Bucket
	Minutes []repo.Bucket
}

// ask reads the history at path.
func ask(t *testing.T, path string) said {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	return askReader(t, r)
}

func askReader(t *testing.T, r *repo.Reader) said {
	t.Helper()
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all said
	whole := repo.Span{From: 0, Until: math.MaxInt64}
	for g, rows := range map[repo.Granularity]*[]repo.Bucket{
		repo.Raw: &all.Samples, repo.Minute: &all.Minutes,
	} {
		for row, err := range s.Scan(s.Context(), g, s.Series, whole) {
			if err != nil {
				t.Fatal(err)
			}
			*rows = append(*rows, row)
		}
	}
	return all
}

// recordsOn opens the history at path as it is, fails the test if that tells of damage, and appends
// to it, maintains it and copies it. want is what it said before.
func recordsOn(t *testing.T, path string, want said) {
	t.Helper()
	if diff := cmp.Diff(want, ask(t, path)); diff != "" {
		t.Fatalf("before it is opened for writing (-want +got):\n%s", diff)
	}
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if found := w.Findings(); found != (repo.Findings{}) {
		t.Errorf("found %+v, want nothing", found)
	}
	add(t, w, every(second, start+2*hour, start+3*hour, newSeries("rtt"))...)
	rollUp(t, w, repo.Minute, start+2*hour, 0)
	copied := filepath.Join(t.TempDir(), "backup.db")
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Backup(t.Context(), copied); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	got := ask(t, copied)
	if len(got.Samples) != len(want.Samples)+3600 || len(got.Minutes) != len(want.Minutes)+60 {
		t.Errorf("%d samples and %d minutes, had %d and %d",
			len(got.Samples), len(got.Minutes), len(want.Samples), len(want.Minutes))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, ask(t, path)); diff != "" {
		t.Errorf("after it was closed (-copied +closed):\n%s", diff)
	}
	if files, err := repo.Quarantined(path); err != nil || len(files) > 0 {
		t.Errorf("beside it lie %v, %v", files, err)
	}
}
