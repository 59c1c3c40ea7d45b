package plaintools

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// tool is something that people do to a SQLite file. It does no damage.
type tool struct {
	name   string
	use    func(*testing.T, *world)
	script string // that use has the shell run, if that is all
	once   bool   // it cannot be done twice
	atRest bool   // a recorder has to be stopped for it
}

func (o tool) times() int {
	if o.once {
		return 1
	}
	return 2
}

// script is a tool that has the shell run statements.
func script(statements string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		w.shell.run(t, w.path, statements)
	}
}

// scripted makes tools of scripts by their names, in the order of these.
func scripted(scripts map[string]string) []tool {
	var list []tool
	for name, statements := range scripts {
		list = append(list, tool{name: name, use: script(statements), script: statements})
	}
	slices.SortFunc(list, func(a, b tool) int { return strings.Compare(a.name, b.name) })
	return list
}

// tools are all but those that take more than a shell.
func tools() []tool {
	return slices.Concat(checkpoints(), vacuums(), ownThings(), copyings(), pageSizes(), hands())
}

func checkpoints() []tool {
	return scripted(map[string]string{
		"checkpoint passive":  "PRAGMA wal_checkpoint(PASSIVE);",
		"checkpoint full":     "PRAGMA wal_checkpoint(FULL);",
		"checkpoint restart":  "PRAGMA wal_checkpoint(RESTART);",
		"checkpoint truncate": "PRAGMA wal_checkpoint(TRUNCATE);",
	})
}

func vacuums() []tool {
	return scripted(map[string]string{
		"vacuum":                      "VACUUM;",
		"vacuum to full auto_vacuum":  "PRAGMA auto_vacuum = FULL; VACUUM;",
		"vacuum to no auto_vacuum":    "PRAGMA auto_vacuum = NONE; VACUUM;",
		"auto_vacuum without vacuum":  "PRAGMA auto_vacuum = FULL; SELECT count(*) FROM metrics;",
		"incremental vacuum":          "PRAGMA incremental_vacuum;",
		"page size without an effect": "PRAGMA page_size = 4096; VACUUM;",
		"auto_vacuum away and back": `PRAGMA auto_vacuum = NONE; VACUUM;
			PRAGMA auto_vacuum = INCREMENTAL; VACUUM;`,
	})
}

func ownThings() []tool {
	return append(scripted(map[string]string{
		"analyze":  "ANALYZE;",
		"optimize": "PRAGMA optimize;",
		"reindex":  "REINDEX;",
		"checks":   "PRAGMA integrity_check; PRAGMA quick_check; PRAGMA foreign_key_check;",
		"own table": `CREATE TABLE IF NOT EXISTS notes (text TEXT);
			INSERT INTO notes VALUES ('new modem');`,
		"own table dropped": `CREATE TABLE IF NOT EXISTS junk AS SELECT * FROM metrics LIMIT 500;
			DROP TABLE junk;`,
		"own index": `CREATE INDEX IF NOT EXISTS by_wan ON series (wan_name, metric_name);
			CREATE INDEX IF NOT EXISTS by_ts ON rollups (ts);`,
		"own view": "CREATE VIEW IF NOT EXISTS wans AS SELECT DISTINCT wan_name FROM metrics;",
		"own trigger": `CREATE TABLE IF NOT EXISTS seen (ts INTEGER);
			CREATE TRIGGER IF NOT EXISTS watch AFTER INSERT ON rollups
			BEGIN INSERT INTO seen VALUES (new.ts); END;`,
		"synchronous off": `PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS notes (text TEXT);
			INSERT INTO notes VALUES ('x');`,
	}), tool{name: "own writer", use: ownWriter})
}

// ownWriter fills a table of its own, and checkpoints whenever a few pages are in the WAL.
func ownWriter(t *testing.T, w *world) {
	t.Helper()
	lines := []string{"PRAGMA wal_autocheckpoint = 8; CREATE TABLE IF NOT EXISTS mine (text TEXT);"}
	for i := range 40 {
		lines = append(lines, fmt.Sprintf("INSERT INTO mine VALUES ('%0200d');", i))
	}
	lines = append(lines, "DELETE FROM mine WHERE rowid % 2;")
	w.shell.run(t, w.path, strings.Join(lines, "\n"))
}

func copyings() []tool {
	return []tool{
		{name: "backup", use: backup},
		{name: "vacuum into", use: vacuumInto},
		{name: "dump", use: dump},
	}
}

func backup(t *testing.T, w *world) {
	t.Helper()
	w.copy(t, func(path string) { w.shell.run(t, w.path, ".backup "+path) })
}

func vacuumInto(t *testing.T, w *world) {
	t.Helper()
	w.copy(t, func(path string) { w.shell.run(t, w.path, fmt.Sprintf("VACUUM INTO '%s';", path)) })
}

// dump loads the text of a dump into a new file.
func dump(t *testing.T, w *world) {
	t.Helper()
	w.copy(t, func(path string) { w.shell.run(t, path, w.shell.run(t, w.path, ".dump")) })
}

// pageSizes change what only a file without a WAL lets change, and leave it that way or not.
func pageSizes() []tool {
	list := scripted(map[string]string{
		"journal mode delete":   "PRAGMA journal_mode = DELETE;",
		"journal mode truncate": "PRAGMA journal_mode = TRUNCATE; VACUUM;",
	})
	for _, size := range []int{4096, 65536} {
		change := fmt.Sprintf("PRAGMA journal_mode = DELETE; PRAGMA page_size = %d; VACUUM;", size)
		name := fmt.Sprintf("page size %d", size)
		list = append(list, scripted(map[string]string{
			name: change, name + " and wal": change + "PRAGMA journal_mode = WAL;",
		})...)
	}
	for i := range list {
		list[i].atRest = true
	}
	return list
}

// A tool is used beside a recorder and a reader, and again.
func TestToolBesideARecorder(t *testing.T) {
	for _, one := range tools() {
		if one.atRest {
			continue
		}
		t.Run(one.name, func(t *testing.T) {
			w := beside(t)
			for range one.times() {
				w.recorder.await(t, 3)
				one.use(t, w)
			}
			w.finish(t)
		})
	}
}

// A tool is used while nobody has the file open.
func TestToolAtRest(t *testing.T) {
	for _, one := range tools() {
		t.Run(one.name, func(t *testing.T) {
			w := atRest(t)
			one.use(t, w)
			w.finish(t)
		})
	}
}

// What takes a file without a WAL is refused beside a recorder, and does no harm.
func TestPageSizeBesideARecorder(t *testing.T) {
	w := beside(t)
	for range 3 {
		w.recorder.await(t, 3)
		_, complaint := w.shell.try(t, w.path, "PRAGMA journal_mode = DELETE;")
		if !locked.MatchString(complaint) {
			t.Errorf("the shell says %q, want that it is locked", complaint)
		}
	}
	w.finish(t)
}
