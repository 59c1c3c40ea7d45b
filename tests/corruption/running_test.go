package corruption

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/service"
)

// running is a writer whose file has something in it, and nothing in its WAL.
func running(t *testing.T) (*service.Writer, *logged) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	lines, logger := newLogged()
	w := openWith(t,
		service.Config{DBPath: path, RetentionDays: 30, CommitInterval: 10 * time.Millisecond},
		service.Options{Logger: logger})
	fill(t, w)
	maintain(t, w)
	return w, lines
}

// scribble damages every page but the first of a file that is in use, so that SQLite cannot read
// it, and makes processes that have it open look at its pages again.
func scribble(t *testing.T, path string) {
	t.Helper()
	filetest.Exec(t, path, "UPDATE tiers SET keep = keep + 1 WHERE granularity = 'raw'")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	info, err := file.Stat()
	must(t, err)
	for at := int64(pageSize); at < info.Size(); at += pageSize {
		_, err := file.WriteAt([]byte{0xff, 0xff, 0xff}, at)
		must(t, err)
	}
	must(t, file.Close())
}

func sample(t *testing.T, w *service.Writer, value float64) service.Sample {
	t.Helper()
	s, err := w.Series("after", "spectrum", nil)
	must(t, err)
	return service.Sample{Series: s, Time: time.Now(), Value: value}
}

func stored(t *testing.T, path string) []any {
	t.Helper()
	var values []any
	for _, row := range filetest.Query(t, path, "SELECT value FROM "+filetest.RawSamples+
		" JOIN series ON id = series_id WHERE metric_name = 'after' ORDER BY ts") {
		values = append(values, row[0])
	}
	return values
}

func reasons(problems []service.Problem) []service.Reason {
	var list []service.Reason
	for _, problem := range problems {
		list = append(list, problem.Reason)
	}
	return list
}

// Damage that a commit runs into costs no sample that was recorded since the commit before: all go
// into a new file, which keeps the policy that was configured. Health tells of it until somebody
// takes the damaged file away.
func TestDamagedWhileRecording(t *testing.T) {
	w, lines := running(t)
	scribble(t, w.Path())
	w.Record(sample(t, w, 1))
	must(t, w.Write(t.Context(), sample(t, w, 2)))
	if got := stored(t, w.Path()); !slices.Equal(got, []any{1.0, 2.0}) {
		t.Errorf("the new file has %v, want both samples", got)
	}
	lines.saw(t, "has been moved aside")
	if got := w.Status().Quarantines; got != 1 {
		t.Errorf("%d quarantines counted, want 1", got)
	}
	got := filetest.Int(t, w.Path(), "SELECT keep FROM tiers WHERE granularity = '1h'")
	if got != 30*24*3600*1e6 {
		t.Errorf("the new file keeps its history for %d µs, want 30 days", got)
	}
	h, err := service.OpenHistory(t.Context(), w.Path())
	must(t, err)
	defer func() { must(t, h.Close()) }()
	fromFile, err := h.Health(t.Context())
	must(t, err)
	for _, problems := range [][]service.Problem{w.Health(), fromFile} {
		if !slices.Contains(reasons(problems), service.FileQuarantined) {
			t.Errorf("health says %v, want %s", problems, service.FileQuarantined)
		}
	}

	files, err := service.Quarantined(w.Path())
	must(t, err)
	for _, file := range files {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(file + suffix) // not all need be there
		}
	}
	maintain(t, w)
	fromFile, err = h.Health(t.Context())
	must(t, err)
	if problems := append(w.Health(), fromFile...); len(problems) > 0 {
		t.Errorf("when the damaged file is away, health says %v", problems)
	}
}

// Damage that maintenance runs into.
func TestDamagedWhileMaintaining(t *testing.T) {
	w, _ := running(t)
	scribble(t, w.Path())
	if _, err := w.Maintain(t.Context()); !isDamage(err) {
		t.Errorf("maintain: %v, want %v", err, service.ErrDamaged)
	}
	maintain(t, w)
	must(t, w.Write(t.Context(), sample(t, w, 1)))
	if got := w.Status().Quarantines; got != 1 {
		t.Errorf("%d quarantines counted, want 1", got)
	}
}

func TestRemovedWhileRecording(t *testing.T) {
	w, lines := running(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Remove(w.Path()+suffix))
	}
	must(t, w.Write(t.Context(), sample(t, w, 1)))
	must(t, w.Write(t.Context(), sample(t, w, 2)))
	if got := stored(t, w.Path()); !slices.Equal(got, []any{1.0, 2.0}) {
		t.Errorf("the new file has %v, want the samples", got)
	}
	lines.saw(t, "the file was taken away or replaced")
	if problems := w.Health(); len(problems) > 0 {
		t.Errorf("health says %v of the new file", problems)
	}
}

// Nobody moves a file that another process has open for writing: samples wait, and go on when that
// one has closed it.
func TestDamagedFileInUse(t *testing.T) {
	w, lines := running(t)
	other, err := repo.OpenWriter(t.Context(), w.Path(), repo.SynchronousNormal)
	must(t, err)
	scribble(t, w.Path())
	w.Record(sample(t, w, 1))
	for range 2 {
		if err := w.Write(t.Context(), sample(t, w, 2)); !isDamage(err) {
			t.Errorf("write: %v, want %v", err, service.ErrDamaged)
		}
	}
	lines.saw(t, "there is no new one yet", "an operation failed")
	if got := reasons(w.Health()); !slices.Contains(got, service.FileDamaged) {
		t.Errorf("health says %v, want %s", got, service.FileDamaged)
	}
	files, err := service.Quarantined(w.Path())
	must(t, err)
	if len(files) > 0 {
		t.Errorf("there are %v", files)
	}
	_ = other.Close() // it, too, may find the damage
	must(t, w.Write(t.Context(), sample(t, w, 3)))
	if got := stored(t, w.Path()); !slices.Equal(got, []any{1.0, 3.0}) {
		t.Errorf("the new file has %v, want what was recorded and what was written last", got)
	}
	if got := reasons(w.Health()); slices.Contains(got, service.FileDamaged) {
		t.Errorf("health says %v of the new file", got)
	}
}

// What a writer finds damaged another one follows that has the same file open.
func TestReplacedByAnotherProcess(t *testing.T) {
	w, lines := running(t)
	aside := filepath.Join(t.TempDir(), "aside.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Rename(w.Path()+suffix, aside+suffix))
	}
	other, err := repo.OpenWriter(t.Context(), w.Path(), repo.SynchronousNormal)
	must(t, err)
	must(t, w.Write(t.Context(), sample(t, w, 1)))
	must(t, other.Close())
	if got := stored(t, w.Path()); !slices.Equal(got, []any{1.0}) {
		t.Errorf("the file at the path has %v, want the sample", got)
	}
	lines.saw(t, "the file was taken away or replaced")
	must(t, filetest.Check(aside))
}

// A reader of a file that is damaged under it says so.
func TestDamagedWhileReading(t *testing.T) {
	w, _ := running(t)
	h, err := service.OpenHistory(t.Context(), w.Path())
	must(t, err)
	defer func() { must(t, h.Close()) }()
	scribble(t, w.Path())
	failed := error(nil)
	for _, err := range h.Range(t.Context(), service.Query{From: begin, Until: time.Now()}) {
		failed = err
	}
	if !isDamage(failed) || strings.Contains(failed.Error(), "I/O error") ||
		strings.Contains(failed.Error(), "rollback") {
		t.Errorf("read: %v, want %v, in words of its own, and nothing else", failed, service.ErrDamaged)
	}
}

// What is quarantined overwrites nothing and follows no link.
func TestQuarantineNames(t *testing.T) {
	whole, _ := closed(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "history.db")
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(victim, []byte("precious"), 0o600))
	damage := func() {
		for suffix, data := range whole {
			data = slices.Clone(data)
			if suffix == "" {
				data = data[:len(data)-pageSize]
			}
			must(t, os.WriteFile(path+suffix, data, 0o600))
		}
		stoodStill(t, path)
	}
	// The name has a second in it: whatever is moved in the next minute finds a link or a file
	// there.
	now := time.Now().UTC()
	for second := range 60 {
		name := path + ".damaged-" + now.Add(time.Duration(second)*time.Second).Format("20060102T150405Z")
		must(t, os.Symlink(victim, name+"-wal"))
		must(t, os.Symlink(filepath.Join(folder, "nowhere"), name+"-1"))
		must(t, os.WriteFile(name+"-2-shm", []byte("kept"), 0o600))
	}
	for range 3 {
		damage()
		w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path},
			service.Options{NoMaintenance: true})
		must(t, err)
		must(t, w.Close(context.Background()))
	}
	moved := 0
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, entry := range entries {
		info, err := entry.Info()
		must(t, err)
		if info.Mode().IsRegular() && info.Size() == int64(len(whole[""])-pageSize) {
			moved++
		}
	}
	if moved != 3 {
		t.Errorf("%d damaged files are there, want 3", moved)
	}
	if got, _ := os.ReadFile(victim); string(got) != "precious" {
		t.Errorf("a link was followed: the file there says %q", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "nowhere")); err == nil {
		t.Error("a link that leads nowhere was followed")
	}
}

// A link where the lock file should be is not followed.
func TestLinkAsLockFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(victim, []byte("precious"), 0o600))
	must(t, os.Symlink(victim, path+".lock"))
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path},
		service.Options{NoMaintenance: true})
	if err == nil {
		must(t, w.Close(t.Context()))
	}
	if err == nil || !strings.Contains(err.Error(), "the lock file is a link") {
		t.Errorf("open: %v, want an error that names the link", err)
	}
	if got, _ := os.ReadFile(victim); string(got) != "precious" {
		t.Errorf("the link was followed: the file there says %q", got)
	}
}

// A WAL that is cut off under a writer is damage, and not a hole in the file.
func TestWALCutWhileRecording(t *testing.T) {
	w, lines := running(t)
	add(t, w, commits)
	must(t, os.Truncate(w.Path()+"-wal", 1000))
	for i := range 2 * commits {
		must(t, w.Write(t.Context(), sample(t, w, float64(i))))
	}
	_, err := w.Maintain(t.Context()) // which may be what finds it
	if err != nil && !isDamage(err) {
		t.Error(err)
	}
	maintain(t, w)
	must(t, w.Close(t.Context()))
	must(t, filetest.Check(w.Path()))
	said := strings.Join(lines.lines, "\n")
	if !strings.Contains(said, "an operation failed") ||
		!strings.Contains(said, "the WAL is damaged") &&
			// a checkpoint that has copied a part of the WAL makes the file so
			!strings.Contains(said, "moved aside") {
		t.Errorf("logged:\n%s", said)
	}
}

// A damaged index of the WAL makes a sound file look damaged: it is looked at again, and stays.
func TestIndexDamagedWhileRecording(t *testing.T) {
	w, lines := running(t)
	add(t, w, commits)
	index, err := os.OpenFile(w.Path()+"-shm", os.O_WRONLY, 0)
	must(t, err)
	noise := make([]byte, 16<<10)
	random := filetest.Random(t)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	_, err = index.WriteAt(noise, 16<<10)
	must(t, errors.Join(err, index.Close()))
	add(t, w, commits)
	if _, err := w.Maintain(t.Context()); err != nil && !isDamage(err) { // it may be what finds it
		t.Error(err)
	}
	maintain(t, w)
	must(t, w.Close(t.Context())) // which ends the goroutines that write to the log
	for _, line := range lines.lines {
		if strings.Contains(line, "moved aside") || strings.Contains(line, "taken away") {
			t.Errorf("the log says %s", line)
		}
	}
	files, err := service.Quarantined(w.Path())
	must(t, err)
	if len(files) > 0 {
		t.Errorf("a sound file was moved aside: %v", files)
	}
	must(t, filetest.Check(w.Path()))
}
