package filetest

import (
	"cmp"
	_ "embed" // for the scripts below
	"errors"
	"fmt"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// The schemas of earlier versions, as they were; the second one was added to the first.
var (
	//go:embed old/0001_history.sql
	firstVersion string
	//go:embed old/0002_clock.sql
	secondVersion string
)

// Old is a file of an earlier version.
type Old struct {
	Version  int
	Sums     bool // its pages have checksums
	PageSize int  // 512 if it is 0
	Hot      bool // it was not closed: some of it is in its WAL alone
}

// Make makes the file at path, as programs of its version did, with what statements put into it.
func (o Old) Make(t testing.TB, path, statements string) {
	t.Helper()
	script := firstVersion
	if o.Version > 1 {
		script += secondVersion
	}
	script = fmt.Sprintf("BEGIN; %s; PRAGMA application_id = 0x57414e53; PRAGMA user_version = %d; COMMIT;",
		script, o.Version)
	if err := errors.Join(o.begin(path), o.fill(path, script, false), o.fill(path, statements, o.Hot)); err != nil {
		t.Fatal(err)
	}
}

// begin writes the first page.
func (o Old) begin(path string) error {
	if err := registerVFS(); err != nil {
		return err
	}
	c, err := sqlite3.Open(fmt.Sprintf("file:%s?vfs=%s&_pragma=page_size(%d)", path, vfsName, cmp.Or(o.PageSize, 512)))
	if err != nil {
		return err
	}
	if o.Sums {
		_, err = c.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, 8)
	}
	return errors.Join(err, c.Exec("PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal"), c.Close())
}

func (o Old) fill(path, statements string, hot bool) error {
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfsName)
	if err != nil {
		return err
	}
	_, err = c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, hot)
	return errors.Join(err, c.Exec(statements), c.Close())
}
