package corruption

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// backup makes a backup of the history at path, and returns what it says, too.
func backup(t *testing.T, path string) (copied string, lines []string) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	copied = filepath.Join(filepath.Dir(path), "backup.db")
	_, err = h.Backup(t.Context(), copied)
	must(t, err)
	return copied, read(t, path)
}

// restored fails the test if the history at path is not the backup, with or without what was
// recorded afterwards, and if the WAL of the old file is not beside it.
func restored(t *testing.T, path string, want []string) {
	t.Helper()
	got := slices.DeleteFunc(read(t, path),
		func(line string) bool { return strings.Contains(line, "after") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the history is not the backup (-backup +history):\n%s", diff)
	}
	must(t, filetest.Check(path))
	files, err := service.Quarantined(path)
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("beside the history lie %v, want the WAL of the old file", files)
	}
	if _, err := os.Stat(files[0]); err == nil {
		t.Errorf("%s was moved aside, want its WAL only", files[0])
	}
	if info, err := os.Stat(files[0] + "-wal"); err != nil || info.Size() == 0 {
		t.Errorf("the old WAL: %v", err)
	}
}

// A backup that is moved to the place of a history in use takes its place: the WAL that lies there
// is not the backup's.
func TestRestoredWhileRecording(t *testing.T) {
	for name, maintained := range map[string]bool{"maintained since": true,
		"not maintained since": false} {
		t.Run(name, func(t *testing.T) {
			w, lines := running(t)
			copied, want := backup(t, w.Path())
			add(t, w, 3)
			if maintained {
				maintain(t, w)
			}
			must(t, os.Rename(copied, w.Path()))
			s, err := w.Series("after", "spectrum", nil)
			must(t, err)
			after := sample(t, w, 1)
			after.Series = s
			must(t, w.Write(t.Context(), after))
			lines.saw(t, "another file was put in the place")
			restored(t, w.Path(), want)
			if w.Status().Quarantines != 0 {
				t.Error("the backup was taken for damaged")
			}
		})
	}
}

// So does one that is moved there when the program has been killed.
func TestRestoredAfterAKill(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fill(t, w)
	copied, want := backup(t, path)
	fillLate(t, w)
	maintain(t, w)
	add(t, w, commits)
	killed := take(t, path).put(t)
	must(t, os.Rename(copied, killed))
	lines, logger := newLogged()
	openWith(t, service.Config{DBPath: killed}, service.Options{Logger: logger})
	lines.saw(t, "another file was put in the place")
	restored(t, killed, want)
}

// A file system that gives its files other numbers each time it is mounted (vfat, exFAT) may give
// the WAL the one that it had. The history is the same for all that.
func TestMountedAgainAfterAKill(t *testing.T) {
	files, want := killed(t)
	path := files.put(t)
	text, err := os.ReadFile(path + ".lock")
	must(t, err)
	for _, word := range []string{"file ", "lock "} {
		text = regexp.MustCompile(word+`\d+`).ReplaceAll(text, []byte(word+"00000000000000000007"))
	}
	must(t, os.WriteFile(path+".lock", text, 0o600))
	if goesOn(t, path, want) {
		t.Error("it was moved aside")
	}
}

func inode(t *testing.T, path string) []byte {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return fmt.Appendf(nil, "%020d", reflect.ValueOf(info.Sys()).Elem().FieldByName("Ino").Uint())
}
