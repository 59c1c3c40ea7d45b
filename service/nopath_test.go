package service_test

import (
	"os"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A path that is empty is an error, and nobody's file is made instead.
func TestEmptyPath(t *testing.T) {
	path := filetest.Path(t)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	directory := t.TempDir()
	t.Chdir(directory)

	w, err := service.OpenWriter(t.Context(), service.Config{}, quiet())
	if err == nil {
		shut(t, w)
	}
	want(t, err, service.ErrConfig)
	if err != nil && !strings.Contains(err.Error(), "DBPath") {
		t.Errorf("%v, want the field by its name", err)
	}
	_, err = service.OpenHistory(t.Context(), "")
	want(t, err, service.ErrNoPath)
	_, err = service.Quarantined("")
	want(t, err, service.ErrNoPath)
	_, err = history(t, path).Backup(t.Context(), "")
	want(t, err, service.ErrNoPath)

	made, err := os.ReadDir(directory)
	must(t, err)
	if len(made) > 0 {
		t.Errorf("%v was made", made)
	}
}
