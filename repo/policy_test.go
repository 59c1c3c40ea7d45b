package repo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func TestSetAges(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	before := filetest.Dump(t, path)
	refusal := errors.New("refused")
	wish := repo.Ages{repo.Raw: time.Minute, repo.Hour: 30 * day}
	refuse := func(repo.Ages) error { return refusal }
	if _, _, err := w.SetAges(t.Context(), wish, refuse); !errors.Is(err, refusal) {
		t.Errorf("%v, want %v", err, refusal)
	}
	if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
		t.Errorf("refused ages changed the file (-before +after):\n%s", diff)
	}
	var whole repo.Ages
	was, is, err := w.SetAges(t.Context(), wish,
		func(ages repo.Ages) error { whole = ages; return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := repo.Ages{time.Minute, day, 7 * day, 30 * day}
	if was != (repo.Ages{time.Hour, day, 7 * day, 7 * day}) || is != want || whole != want ||
		tiersOf(t, w).Ages() != want {
		t.Errorf("ages were %v, judged %v, are %v, in the file %v, want %v", was, whole, is,
			tiersOf(t, w).Ages(), want)
	}
}
