package repo_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func openReader(t *testing.T, path string) *repo.Reader {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// someHistory makes a history of the given number of rows, whose writer stays open, and opens it
// for reading.
func someHistory(t *testing.T, rows int) (*repo.Writer, *repo.Reader) {
	t.Helper()
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 10)
	fillSamples(t, path, rows, 10, start, 1_000_000)
	return w, openReader(t, path)
}

// wantOnly fails the test if the directory has anything but the named files.
func wantOnly(t *testing.T, directory string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if diff := cmp.Diff(names, found); diff != "" {
		t.Errorf("files in the directory, -want +got:\n%s", diff)
	}
}

func TestBackupIsTheSameHistory(t *testing.T) {
	w, r := someHistory(t, 5000)
	if err := os.Chmod(w.Path(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, checkpoint := range map[string]bool{"in the WAL": false, "in the file": true} {
		t.Run(name, func(t *testing.T) {
			if checkpoint {
				if err := w.Checkpoint(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			dest := filetest.Path(t)
			size, err := r.Backup(t.Context(), dest)
			if err != nil {
				t.Fatal(err)
			}
			wantOnly(t, filepath.Dir(dest), filepath.Base(dest))
			info, err := os.Stat(dest)
			if err != nil {
				t.Fatal(err)
			}
			if size != info.Size() || size == 0 || info.Mode().Perm() != 0o600 {
				t.Errorf("%d bytes and mode %o, want %d and 600", info.Size(), info.Mode().Perm(), size)
			}
			if diff := cmp.Diff(filetest.Dump(t, w.Path()), filetest.Dump(t, dest)); diff != "" {
				t.Errorf("-history +backup:\n%s", diff)
			}
			for _, pragma := range []string{"application_id", "user_version", "page_size", "page_count",
				"auto_vacuum"} {
				of, copied := filetest.Int(t, w.Path(), "PRAGMA "+pragma),
					filetest.Int(t, dest, "PRAGMA "+pragma)
				if of != copied {
					t.Errorf("%s is %d, in the backup %d", pragma, of, copied)
				}
			}
			if mode := filetest.Query(t, dest, "PRAGMA journal_mode")[0][0]; mode != "wal" {
				t.Errorf("the journal mode of the backup is %v, want wal", mode)
			}
		})
	}
}

func TestBackupCanBeWrittenTo(t *testing.T) {
	w, r := someHistory(t, 100)
	dest := filetest.Path(t)
	if _, err := r.Backup(t.Context(), dest); err != nil {
		t.Fatal(err)
	}
	restored := open(t, dest)
	add(t, restored, every(1_000_000, start+3_600_000_000, start+3_700_000_000, newSeries("rtt"))...)
	if got := filetest.Int(t, dest, filetest.CountRawSamples); got != 200 {
		t.Errorf("%d samples in the backup, want 200", got)
	}
	if got := filetest.Int(t, w.Path(), filetest.CountRawSamples); got != 100 {
		t.Errorf("%d samples in the history, want 100", got)
	}
}

// A second process of the same user may be at the same names.
func TestBackupNeverOverwrites(t *testing.T) {
	w, r := someHistory(t, 10)
	text := []byte("precious")
	write := func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(t *testing.T, to, path string) {
		t.Helper()
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		make func(t *testing.T, dest string)
		dest string // the name to back up to, dest itself if it is empty
		want error
	}{
		{"a file", write, "", fs.ErrExist},
		{"a directory", func(t *testing.T, dest string) {
			t.Helper()
			if err := os.Mkdir(dest, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "", repo.ErrDirectory},
		{"a link to a file", func(t *testing.T, dest string) {
			t.Helper()
			write(t, dest+".target")
			link(t, dest+".target", dest)
		}, "", fs.ErrExist},
		{"a link to nothing", func(t *testing.T, dest string) {
			t.Helper()
			link(t, dest+".target", dest)
		}, "", fs.ErrExist},
		{"the history", func(*testing.T, string) {}, w.Path(), fs.ErrExist},
		{"the WAL of the history", func(*testing.T, string) {}, w.Path() + "-wal", fs.ErrExist},
		{"a leftover WAL", func(t *testing.T, dest string) {
			t.Helper()
			write(t, dest+"-wal")
		}, "", fs.ErrExist},
		{"no directory", func(*testing.T, string) {}, filepath.Join(t.TempDir(), "no", "such", "file"),
			fs.ErrNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "backup.db")
			test.make(t, dest)
			before := names(t, filepath.Dir(dest))
			name := dest
			if test.dest != "" {
				name = test.dest
			}
			if _, err := r.Backup(t.Context(), name); !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			wantOnly(t, filepath.Dir(dest), before...)
			for _, path := range []string{dest, dest + ".target", dest + "-wal"} {
				if got, err := os.ReadFile(path); err == nil && string(got) != string(text) {
					t.Errorf("%s is now %q", path, got)
				}
			}
		})
	}
	if _, err := r.Backup(t.Context(), w.Path()+"-journal"); err == nil {
		t.Error("a backup was made that SQLite takes for the journal of the history")
	}
}

func names(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

// What a backup has left that was killed is removed by a later one, and nothing else: it may be
// under way in another process.
func TestBackupRemovesWhatKilledOnesLeft(t *testing.T) {
	_, r := someHistory(t, 10)
	directory := t.TempDir()
	old := time.Now().Add(-2 * time.Hour)
	for name, at := range map[string]time.Time{
		".wanstore-backup-1": old, ".wanstore-backup-2": time.Now(), ".wanstore-backup": old,
		"other.db": old,
	} {
		path := filepath.Join(directory, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("other.db", filepath.Join(directory, ".wanstore-backup-3")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Backup(t.Context(), filepath.Join(directory, "backup.db")); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, directory, ".wanstore-backup", ".wanstore-backup-2", ".wanstore-backup-3", "backup.db",
		"other.db")
}

// Of many backups to one name at once, one is made.
func TestBackupsRace(t *testing.T) {
	_, r := someHistory(t, 1000)
	dest := filetest.Path(t)
	results := make(chan error)
	const many = 8
	for range many {
		go func() {
			_, err := r.Backup(context.Background(), dest)
			results <- err
		}()
	}
	made := 0
	for range many {
		err := <-results
		if err == nil {
			made++
		} else if !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d backups were made, want 1", made)
	}
	wantOnly(t, filepath.Dir(dest), filepath.Base(dest))
}

func TestBackupIsInterrupted(t *testing.T) {
	_, r := someHistory(t, 60_000) // more than is copied at a time
	for name, stage := range map[string]func(fs.FileInfo) bool{
		"while it copies": func(fs.FileInfo) bool { return true },
		"while it checks": func(file fs.FileInfo) bool { return file.Mode().Perm() != 0o600 },
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			dest := filepath.Join(directory, "backup.db")
			err := backUpUntil(t, r, dest, stage)
			for range 20 {
				if err != nil {
					break
				}
				// It was faster. What it has made is not in the way of the next try.
				if err := os.Remove(dest); err != nil {
					t.Fatal(err)
				}
				err = backUpUntil(t, r, dest, stage)
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want that of the context", err)
			}
			wantOnly(t, directory)
		})
	}
}

// backUpUntil makes a backup that is interrupted as soon as the file it makes is at some stage.
func backUpUntil(t *testing.T, r *repo.Reader, dest string, stage func(fs.FileInfo) bool) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for ctx.Err() == nil {
			for _, entry := range entries(filepath.Dir(dest)) {
				if file, err := entry.Info(); err == nil && stage(file) {
					cancel()
				}
			}
		}
	}()
	_, err := r.Backup(ctx, dest)
	cancel()
	<-watching
	return err
}

func entries(directory string) []os.DirEntry {
	list, err := os.ReadDir(directory)
	if err != nil {
		return nil
	}
	return list
}

// What is damaged must not pass for a backup.
func TestBackupOfDamagedFile(t *testing.T) {
	path := filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	fillSeries(t, path, 10)
	fillSamples(t, path, 5000, 10, start, 1_000_000)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	for i := len(sound) / 2; i < len(sound)/2+4096; i++ {
		sound[i] ^= 0x55
	}
	if err := os.WriteFile(damaged, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	_, err = openReader(t, damaged).Backup(t.Context(), filepath.Join(directory, "backup.db"))
	if !errors.Is(err, repo.ErrDamaged) {
		t.Errorf("got error %v, want %v", err, repo.ErrDamaged)
	}
	wantOnly(t, directory)
}

func TestBackupToFullDisk(t *testing.T) {
	_, r := someHistory(t, 60_000)
	disk := mount(t, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
	_, err := r.Backup(t.Context(), filepath.Join(disk, "backup.db"))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got error %v, want that of a full disk", err)
	}
	wantOnly(t, disk)
}

func TestBackupToReadOnlyDirectory(t *testing.T) {
	_, r := someHistory(t, 10)
	disk := mount(t, "-t", "tmpfs", "-o", "ro", "tmpfs")
	if _, err := r.Backup(t.Context(), filepath.Join(disk, "backup.db")); err == nil {
		t.Error("there is no error")
	}
	wantOnly(t, disk)
}

// mount mounts a file system until the test ends, and skips the test where that is not permitted.
func mount(t *testing.T, args ...string) string {
	t.Helper()
	directory := t.TempDir()
	if out, err := exec.Command("mount", append(args, directory)...).CombinedOutput(); err != nil {
		t.Skipf("mounting takes root: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", directory).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	return directory
}

// While another process writes without a pause, a backup ends, and is the history as it was at one
// commit.
func TestBackupBesideWriter(t *testing.T) {
	w, r := someHistory(t, 50_000)
	const batch = 7 // rows of a commit, so that half a commit shows
	series := newSeries("busy")
	stop, stopped := make(chan struct{}), make(chan int)
	committed := make(chan struct{}, 1) // since it was looked at
	go func() {
		commits := 0
		for ; ; commits++ {
			select {
			case <-stop:
				stopped <- commits
				return
			default:
			}
			from := start + repo.Micros(commits*batch)
			outcomes := make([]repo.Outcome, batch)
			err := w.Append(context.Background(), repo.Batch{
				Samples: every(1, from, from+batch, series), Latest: start + repo.Micros(time.Hour),
			}, outcomes)
			if err == nil && w.CheckpointDue() {
				err = w.Checkpoint(context.Background())
			}
			if err != nil {
				t.Error(err)
			}
			select {
			case committed <- struct{}{}:
			default:
			}
		}
	}()
	const count = "SELECT count(*) FROM " + filetest.RawSamples +
		" WHERE series_id = (SELECT id FROM series WHERE metric_name = 'busy')"
	var rows []int64
	for range 2 {
		<-committed // perhaps from before the last backup
		<-committed
		dest := filetest.Path(t)
		if _, err := r.Backup(t.Context(), dest); err != nil {
			t.Error(err)
			break
		}
		rows = append(rows, filetest.Int(t, dest, count))
	}
	close(stop)
	commits := <-stopped
	for i, n := range rows {
		if n%batch != 0 || i > 0 && n <= rows[i-1] || n > int64(commits*batch) {
			t.Errorf("the backups have %v rows, want a growing number of whole commits of %d, at most %d",
				rows, batch, commits)
		}
	}
}
