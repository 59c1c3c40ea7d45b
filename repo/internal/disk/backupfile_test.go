package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// There is no file system without links here to try it on.
func TestRenameNew(t *testing.T) {
	directory := t.TempDir()
	from, to, link := filepath.Join(directory, "from"), filepath.Join(directory, "to"),
		filepath.Join(directory, "link")
	for _, path := range []string{from, to} {
		if err := os.WriteFile(path, []byte(path), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(directory, "nothing"), link); err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{to, link} {
		if err := renameNew(from, taken); !errors.Is(err, fs.ErrExist) {
			t.Errorf("got error %v, want %v", err, fs.ErrExist)
		}
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != to {
		t.Errorf("what was there is now %q, %v", got, err)
	}
	fresh := filepath.Join(directory, "fresh")
	if err := renameNew(from, fresh); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(fresh); err != nil || string(got) != from {
		t.Errorf("what was renamed is %q, %v", got, err)
	}
}

func TestSettleFindsAnotherFile(t *testing.T) {
	directory := t.TempDir()
	file, err := CreateUnnamed(filepath.Join(directory, "backup.db"))
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(directory, "target")
	err = errors.Join(os.WriteFile(target, nil, 0o600), os.Remove(file.Path()),
		os.Symlink(target, file.Path()))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Settle(0o640); err == nil {
		t.Error("there is no error")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file that was linked to is now %v, %v", info, err)
	}
}
