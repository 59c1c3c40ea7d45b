package importer_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/importer"
)

func TestNoFile(t *testing.T) {
	s := newStore(t)
	missing := filepath.Join(t.TempDir(), "missing.csv")
	if _, err := s.add(missing, importer.Options{}); !errors.Is(err, os.ErrNotExist) ||
		!strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want that %s is missing", err, missing)
	}
	directory := t.TempDir()
	if _, err := s.add(directory, importer.Options{}); err == nil ||
		!strings.Contains(err.Error(), "this is a directory") {
		t.Errorf("got %v, want that it is a directory", err)
	}
	if _, err := s.add(write(t, "a.gz", "\x1f\x8bno gzip at all"), importer.Options{}); err == nil ||
		!strings.Contains(err.Error(), "gzip") {
		t.Errorf("got %v, want that it is no gzip", err)
	}
}

func TestStandardInputCancelled(t *testing.T) {
	s := newStore(t)
	writer := pipeInput(t)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := writer.WriteString(header + row(0)); err != nil {
		t.Fatal(err)
	}
	// Nothing more comes, and the other end stays open.
	_, err := importer.CSV(ctx, s.writer, "-", importer.Options{Progress: func(done, total int64) {
		if done != int64(len(header+row(0))) || total >= 0 {
			t.Errorf("progress is %d of %d", done, total)
		}
		cancel()
	}})
	if !errors.Is(err, context.Canceled) ||
		!strings.HasPrefix(err.Error(), "import: spool standard input: ") {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	s.wantCount(0)
}

func TestStandardInputBadLine(t *testing.T) {
	s := newStore(t)
	input(t, header+"bad\n")
	if _, err := s.add("-", importer.Options{}); err == nil ||
		!strings.HasPrefix(err.Error(), "standard input:2: ") {
		t.Errorf("got %v, want a bad line 2 of the standard input", err)
	}
}

func TestProgress(t *testing.T) {
	text := header + rows(0, 3000)
	for name, data := range map[string]string{"a.csv": text, "a.csv.gz": compressed(t, text)} {
		s := newStore(t)
		var last int64
		calls := 0
		size := int64(len(data))
		options := importer.Options{Progress: func(done, total int64) {
			if done < last || done > total || total != size {
				t.Errorf("%s: progress from %d to %d of %d, want of %d", name, last, done, total, size)
			}
			last = done
			calls++
		}}.WithBatch(500)
		s.want(write(t, name, data), options, importer.Result{Read: 3000, Stored: 3000})
		if last != size || calls < 6 {
			t.Errorf("%s: progress ended at %d of %d after %d calls", name, last, size, calls)
		}
	}
}
