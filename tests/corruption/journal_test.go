package corruption

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// killedShell has sqlite3 change a history in the journal mode DELETE, and kills it in the middle
// of the transaction.
func killedShell(t *testing.T, path string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), filetest.Shell(t), path)
	in, err := child.StdinPipe()
	must(t, err)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	_, err = io.WriteString(in,
		"PRAGMA journal_mode = delete; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; "+
			"UPDATE rollups SET sum = 0; UPDATE raw_blocks SET payload = ''; SELECT 'ready';\n")
	must(t, err)
	said := make([]byte, 100)
	n := 0
	for n < len("delete\nready\n") {
		got, err := out.Read(said[n:])
		must(t, err)
		n += got
	}
	must(t, child.Process.Kill())
	_ = child.Wait()
	_ = in.Close()
}

// A program that changes the journal mode of a history, and is killed in the middle of a
// transaction, leaves its journal: a process that opens the file for writing rolls that back, and a
// reader says so.
func TestJournalOfPlainSQLite(t *testing.T) {
	whole, want := closed(t)
	for name, known := range map[string]bool{"of a history that was open": true, "of a copy": false} {
		t.Run(name, func(t *testing.T) {
			left := whole.clone()
			if !known {
				delete(left, ".lock")
			}
			path := left.put(t)
			killedShell(t, path)
			if len(readFile(t, path+"-journal")) == 0 {
				t.Fatal("there is no journal, and nothing is tested")
			}
			if lines, err := tryRead(t.Context(), path); !errors.Is(err, service.ErrInterrupted) {
				t.Errorf("read %d lines, %v, want %v", len(lines), err, service.ErrInterrupted)
			}
			if goesOn(t, path, want) {
				t.Error("it was moved aside")
			}
		})
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}
