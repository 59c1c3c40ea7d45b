package corruption

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func shell(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3, the shell of SQLite, is not there")
	}
	return path
}

// killedShell has sqlite3 change a history in the journal mode DELETE, and kills it in the middle of the transaction.
func killedShell(t *testing.T, path string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), shell(t), path)
	in, err := child.StdinPipe()
	must(t, err)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	_, err = io.WriteString(in, "PRAGMA journal_mode = delete; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE rollups SET sum = 0;"+
		" UPDATE raw_samples SET value = 0; SELECT 'ready';\n")
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

// A program without checksums that changes the journal mode of a history, and is killed in the middle of a transaction, leaves a
// file that is damaged for us, and can be rolled back by its like: its journal stays with it.
func TestJournalOfPlainSQLite(t *testing.T) {
	whole, want := closed(t)
	path := whole.put(t)
	sum := filetest.Query(t, path, "SELECT sum(sum) FROM rollups")
	killedShell(t, path)
	if len(readFile(t, path+"-journal")) == 0 {
		t.Fatal("there is no journal, and nothing is tested")
	}
	if lines, err := tryRead(t.Context(), path); !isDamage(err) {
		t.Errorf("read %d lines, %v, want %v", len(lines), err, service.ErrDamaged)
	}
	journal := readFile(t, path+"-journal")
	if !goesOn(t, path, want) {
		t.Fatal("recording goes on in it")
	}
	files, err := service.Quarantined(path)
	must(t, err)
	if got := readFile(t, files[0]+"-journal"); string(got) != string(journal) {
		t.Errorf("the journal has %d bytes that are not the %d there were", len(got), len(journal))
	}
	out, err := exec.CommandContext(t.Context(), shell(t), files[0], "SELECT sum(sum) FROM rollups").Output()
	must(t, err)
	if got := strings.TrimSpace(string(out)); got != fmt.Sprintf("%.1f", sum[0][0]) {
		t.Errorf("rolled back, it has a sum of %s, want %v", got, sum[0][0])
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}
