package leaves_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// All that SQLite reads is found, and nothing else.
func TestUndamaged(t *testing.T) {
	makers := map[string]func(testing.TB) string{"closed": history, "in the WAL": inTheWAL}
	for name, maker := range makers {
		t.Run(name, func(t *testing.T) {
			path := maker(t)
			want, got := bySQLite(t, path), walk(t, path)
			checkRows(t, want, got)
			if len(got.doubtful) > 0 || len(got.givenUp) > 0 || got.kinds[leaves.Lost] > 0 {
				t.Errorf("%d rows are doubtful, given up %v, pages %v",
					len(got.doubtful), got.givenUp, got.kinds)
			}
			t.Logf("%d pages, %v, rows by %v", got.pages, got.kinds, got.by)
		})
	}
}

func checkRows(t *testing.T, want rows, got walked) {
	t.Helper()
	for i, row := range want.minus(got.rows) {
		if i < 5 {
			t.Errorf("missing: %.200s", row)
		}
	}
	for i, row := range got.rows.minus(want) {
		if i < 5 {
			t.Errorf("never written: %.200s", row)
		}
	}
	t.Logf("%d rows wanted, %d missing, %d too many",
		len(want), len(want.minus(got.rows)), len(got.rows.minus(want)))
}

// A walk goes on where another one has ended.
func TestWalkGoesOn(t *testing.T) {
	path := history(t)
	want := walk(t, path)
	got, from := 0, 1
	for from <= want.pages {
		file, err := leaves.Open(t.Context(), path)
		must(t, err)
		for page, err := range file.Walk(t.Context(), from) {
			must(t, err)
			if page.Number != from {
				t.Fatalf("page %d follows %d", page.Number, from-1)
			}
			got += len(page.Rows)
			if from++; from%100 == 0 {
				break
			}
		}
		must(t, file.Close())
	}
	if got != want.by[leaves.ByCheckValue]+want.by[leaves.ByWholePage] {
		t.Errorf("%d rows, want %v", got, want.by)
	}
}

func TestCancelled(t *testing.T) {
	path := history(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	file := open(t, path)
	pages := 0
	var err error
	for _, err = range file.Walk(ctx, 1) {
		if pages++; pages == 10 {
			cancel()
		}
	}
	if pages != 11 || !errors.Is(err, context.Canceled) {
		t.Errorf("the walk ended at page %d with %v", pages, err)
	}
	if _, err := leaves.Open(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v, want %v", err, context.Canceled)
	}
}

func TestNoFile(t *testing.T) {
	directory := t.TempDir()
	missing := filepath.Join(directory, "missing.db")
	if _, err := leaves.Open(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := leaves.Open(t.Context(), directory); err == nil {
		t.Error("a directory was opened")
	}
	empty := filepath.Join(directory, "empty.db")
	must(t, os.WriteFile(empty, nil, 0o600))
	if got := walk(t, empty); got.pages != 0 {
		t.Errorf("an empty file has %d pages", got.pages)
	}
}
