package corruption

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/service"
)

// kept is how long the history at path keeps its 1h tier.
func kept(t *testing.T, path string) time.Duration {
	t.Helper()
	return time.Duration(filetest.Int(t, path,
		"SELECT keep FROM tiers WHERE granularity = '1h'")) * time.Microsecond
}

// damagedFiles are a history that keeps what it has for 30 days, and was moved aside for a cut that
// leaves its policy whole. There is no new one.
func damagedFiles(t *testing.T) (path, aside string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "history.db")
	w := openWith(t, service.Config{DBPath: path, RetentionDays: 30},
		service.Options{Logger: slog.New(slog.DiscardHandler)})
	fill(t, w)
	must(t, w.Close(t.Context()))
	must(t, os.Truncate(path, int64(len(take(t, path)[""])-10*pageSize)))
	must(t, open(t, path).Close(t.Context()))
	files, err := service.Quarantined(path)
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("quarantined files %v, want one", files)
	}
	return path, files[0]
}

// Whichever process makes the new file, and whenever, the file has the policy of the damaged one:
// the process that has moved that aside may have had no room for another, or have been killed.
func TestPolicyOfTheDamagedFile(t *testing.T) {
	const month, week = 30 * 24 * time.Hour, 7 * 24 * time.Hour
	for _, test := range []struct {
		name    string
		between func(path, aside string) error
		want    time.Duration
	}{
		{"at once", func(_, _ string) error { return nil }, month},
		{"no new file", func(path, _ string) error { return os.Remove(path) }, month},
		{"an empty file", func(path, _ string) error { return os.Truncate(path, 0) }, month},
		{"a newer one that cannot be read", func(path, _ string) error {
			return errors.Join(os.Remove(path),
				os.WriteFile(path+".damaged-21000101T000000Z", []byte("noise"), 0o600),
				os.WriteFile(path+".damaged-21000101T000000Z-1-wal", []byte("of no file"), 0o600))
		}, month},
		{"taken away",
			func(path, aside string) error { return errors.Join(os.Remove(path), os.Remove(aside)) }, week},
	} {
		t.Run(test.name, func(t *testing.T) {
			path, aside := damagedFiles(t)
			before := take(t, aside)
			must(t, test.between(path, aside))
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			must(t, err)
			must(t, w.Close())
			if got := kept(t, path); got != test.want {
				t.Errorf("the new file keeps its history for %s, want %s", got, test.want)
			}
			if after := take(t, aside); test.want == month &&
				(len(after) != 1 || string(after[""]) != string(before[""])) {
				t.Errorf("the damaged file was changed, or something has been put beside it: %d files",
					len(after))
			}
		})
	}
}

// The policy that a running writer has been given goes before that of any damaged file.
func TestPolicyGoesOn(t *testing.T) {
	path, _ := damagedFiles(t)
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path, RetentionDays: 60},
		service.Options{NoMaintenance: true})
	must(t, err)
	must(t, os.Remove(path))
	must(t, w.Write(t.Context(), sample(t, w, 1)))
	must(t, w.Close(context.Background()))
	if got := kept(t, path); got != 60*24*time.Hour {
		t.Errorf("the new file keeps its history for %s, want 60 days", got)
	}
}
