package plaintools

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A journal that a killed shell has left is rolled back by the writer that opens the history next,
// and is not taken for anything else. Here the transaction had not come to its commit.
func TestJournalOfAKilledShell(t *testing.T) {
	w := atRest(t)
	s := w.shell.open(t, w.path)
	defer s.kill()
	s.ask(t, "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1;"+spilled)
	s.kill()
	if _, err := os.Stat(w.path + "-journal"); err != nil {
		t.Fatalf("the shell has left no journal: %v", err)
	}
	goOn(t, w.path, &w.oracle, 0)
}

// A shell that is killed while it commits a VACUUM leaves a file that is half of the old pages and
// half of the new ones, of another size even, and a journal that has all of the old ones. It is the
// moment that a kill by chance hardly ever meets, so the test makes the two files.
func TestShellKilledWhileItCommits(t *testing.T) {
	for _, size := range []string{"512", "4096", "65536"} {
		t.Run(size, func(t *testing.T) {
			w := atRest(t)
			w.shell.run(t, w.path, "PRAGMA journal_mode = DELETE; CREATE TABLE notes (text TEXT);")
			old := contents(t, w.path)
			w.shell.run(t, w.path, "DROP TABLE notes; PRAGMA page_size = "+size+"; VACUUM;")
			half := slices.Concat(contents(t, w.path)[:len(old)/2], old[len(old)/2:])
			leave := func(path string) {
				must(t, os.WriteFile(path, half, 0o600))
				must(t, os.WriteFile(path+"-journal", journalOf(old), 0o600))
			}
			// SQLite itself finds all rows: so no damage is done.
			proof := filepath.Join(t.TempDir(), "proof.db")
			leave(proof)
			if said := w.shell.run(t, proof, "PRAGMA integrity_check;"); said != "ok\n" {
				t.Fatalf("the shell says %s", said)
			}
			leave(w.path)
			goOn(t, w.path, &w.oracle, 0)
		})
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// journalOf returns a rollback journal with all pages of a database, in the format that SQLite
// documents (https://sqlite.org/fileformat.html#the_rollback_journal).
func journalOf(data []byte) []byte {
	const sector = 512
	size := int(binary.BigEndian.Uint16(data[16:]))
	pages := len(data) / size
	journal := []byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7}
	const nonce = 42
	for _, number := range []int{pages, nonce, pages, sector, size} {
		journal = binary.BigEndian.AppendUint32(journal, uint32(number))
	}
	journal = append(journal, make([]byte, sector-len(journal))...)
	for i := range pages {
		page := data[i*size : (i+1)*size]
		sum := uint32(nonce)
		for at := size - 200; at > 0; at -= 200 {
			sum += uint32(page[at])
		}
		journal = binary.BigEndian.AppendUint32(journal, uint32(i+1))
		journal = append(journal, page...)
		journal = binary.BigEndian.AppendUint32(journal, sum)
	}
	return journal
}
