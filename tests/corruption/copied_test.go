package corruption

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// copyInto puts a part of a history behind what is at path, as a copy under way does.
func copyInto(t *testing.T, path string, part []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = file.Write(part)
	must(t, errors.Join(err, file.Close()))
}

// stoodStill makes the file at path one that nobody has written to for a minute.
func stoodStill(t *testing.T, path string) {
	t.Helper()
	then := time.Now().Add(-time.Minute)
	must(t, os.Chtimes(path, then, then))
}

func notMoved(t *testing.T, path string) {
	t.Helper()
	files, err := service.Quarantined(path)
	must(t, err)
	if len(files) > 0 {
		t.Fatalf("the copy was moved aside: %v", files)
	}
}

// A history that is copied to the place of one in use is no damage while it lacks its end: samples
// wait until it is there.
func TestCopiedWhileRecording(t *testing.T) {
	backup, want := closed(t)
	whole := backup[""]
	w, lines := running(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Remove(w.Path()+suffix))
	}
	copyInto(t, w.Path(), whole[:len(whole)/2+100])
	w.Record(sample(t, w, 1))
	if err := w.Write(t.Context(), sample(t, w, 2)); !isDamage(err) {
		t.Errorf("write: %v, want %v", err, service.ErrDamaged)
	}
	copyInto(t, w.Path(), whole[len(whole)/2+100:])
	must(t, w.Write(t.Context(), sample(t, w, 3)))
	if got := stored(t, w.Path()); !slices.Equal(got, []any{1.0, 3.0}) {
		t.Errorf("the file has %v, want what was recorded and what was written last", got)
	}
	notMoved(t, w.Path())
	lines.saw(t, "there is no new one yet", "an operation failed",
		"the file was taken away or replaced")
	must(t, w.Close(t.Context()))
	got := slices.DeleteFunc(read(t, w.Path()),
		func(line string) bool { return strings.Contains(line, "after") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the history is not the one that was copied (-copied +history):\n%s", diff)
	}
	must(t, filetest.Check(w.Path()))
}

// A copy that does not go on is damaged.
func TestCopyThatEndsEarly(t *testing.T) {
	backup, _ := closed(t)
	w, lines := running(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Remove(w.Path()+suffix))
	}
	copyInto(t, w.Path(), backup[""][:len(backup[""])/2])
	w.Record(sample(t, w, 1))
	if err := w.Write(t.Context(), sample(t, w, 2)); !isDamage(err) {
		t.Errorf("write: %v, want %v", err, service.ErrDamaged)
	}
	stoodStill(t, w.Path())
	must(t, w.Write(t.Context(), sample(t, w, 3)))
	if got := stored(t, w.Path()); !slices.Equal(got, []any{1.0, 3.0}) {
		t.Errorf("the new file has %v, want what was recorded and what was written last", got)
	}
	lines.saw(t, "there is no new one yet", "an operation failed", "has been moved aside")
}

// A process that opens a history which is being copied to its place leaves it alone.
func TestOpenedWhileItIsCopied(t *testing.T) {
	backup, _ := closed(t)
	path := set{"": backup[""][:len(backup[""])/2]}.put(t)
	before := take(t, path)[""]
	for range 2 {
		_, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{})
		if !isDamage(err) {
			t.Fatalf("open: %v, want %v", err, service.ErrDamaged)
		}
		if strings.Count(err.Error(), "still be copying") != 1 {
			t.Errorf("open: %v, want the reason why it stays there, once", err)
		}
	}
	notMoved(t, path)
	if !bytes.Equal(before, take(t, path)[""]) {
		t.Error("the copy was changed")
	}
	stoodStill(t, path)
	if !goesOn(t, path, nil) {
		t.Error("recording goes on in half a file")
	}
}

// A history in the place of another one that was in use says for itself whether it is sound.
func TestDamagedCopyAfterAKill(t *testing.T) {
	left, _ := killed(t)
	backup, want := closed(t)
	for name, damaged := range map[string]bool{"damaged": true, "sound": false} {
		t.Run(name, func(t *testing.T) {
			path := set{"": left[""], "-wal": left["-wal"], ".lock": left[".lock"]}.put(t)
			// so that nobody gets its number
			must(t, errors.Join(os.Rename(path, path+".old"), os.Remove(path+"-wal")))
			data := backup[""]
			if damaged {
				data = data[:len(data)-pageSize]
			}
			copyInto(t, path, data)
			stoodStill(t, path)
			if moved := goesOn(t, path, want); moved != damaged {
				t.Errorf("moved aside: %t, want %t", moved, damaged)
			}
		})
	}
	path := set{"": left[""], "-wal": left["-wal"], ".lock": left[".lock"]}.put(t)
	must(t, errors.Join(os.Rename(path, path+".old"), os.Remove(path+"-wal")))
	copyInto(t, path, backup[""])
	lines, logger := newLogged()
	openWith(t, service.Config{DBPath: path}, service.Options{Logger: logger})
	lines.saw(t)
}
