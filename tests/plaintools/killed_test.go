package plaintools

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// rounds is how often something is done at a random moment.
func rounds(n int) int {
	if filetest.Soak() {
		return 10 * n
	}
	return n
}

// writing is something that a shell is killed in the middle of.
type writing struct {
	name   string
	script string // COPY in it stands for the path of a copy
	atRest bool   // it takes a file that nobody else has open
	// open says that the script leaves a transaction open: whenever the kill comes, nothing of that
	// was committed. The others are killed at a random moment of what they do.
	open bool
}

// writings are what a shell writes.
func writings() []writing {
	list := []writing{
		{name: "vacuum into", script: "VACUUM INTO 'COPY';"},
		{name: "backup", script: ".backup COPY"},
		{name: "wide index", script: "CREATE INDEX IF NOT EXISTS i ON rollups (ts, sum, max);"},
		{name: "copied table", script: "CREATE TABLE IF NOT EXISTS m AS SELECT * FROM metrics;"},
		{name: "update", script: "BEGIN; UPDATE rollups SET sum = 0, min = 0;", open: true},
		{name: "delete", script: "BEGIN; DELETE FROM rollups;", open: true},
		{name: "spilled", script: "PRAGMA cache_size = 1;" + spilled, open: true},
	}
	for _, one := range slices.Concat(checkpoints(), vacuums(), ownThings()) {
		list = append(list, writing{name: one.name, script: one.script})
	}
	for _, one := range pageSizes() {
		list = append(list, writing{name: one.name, script: one.script, atRest: true})
	}
	return slices.DeleteFunc(list, func(one writing) bool {
		return one.script == "" || one.name == "checks" // which writes nothing
	})
}

// spilled is a transaction that does not fit into a small cache: its pages are in the WAL, or in
// the file and its journal, before it is committed.
const spilled = "BEGIN; UPDATE rollups SET sum = 0; DELETE FROM rollups; DELETE FROM series;"

// kill has a shell write, and kills it in the middle.
func (one writing) kill(t *testing.T, w *world, moment time.Duration) {
	t.Helper()
	s := w.shell.open(t, w.path)
	defer s.kill()
	s.ask(t, "SELECT count(*) FROM series;") // it has the file open
	statements := strings.ReplaceAll(one.script, "COPY", filepath.Join(t.TempDir(), "copy.db"))
	if one.open {
		s.ask(t, statements)
		return
	}
	s.send(t, statements)
	// Nothing waits for the moment, but the kill has to come at one.
	<-time.After(moment)
}

// killMoment is a moment within what most writings take.
func killMoment(random *rand.Rand) time.Duration {
	return time.Duration(random.Int64N(int64(25 * time.Millisecond)))
}

// A shell is killed in the middle of whatever it writes beside a recorder. What it had not
// committed never was.
func TestShellKilledBesideARecorder(t *testing.T) {
	random := filetest.Random(t)
	w := beside(t)
	for range rounds(1) {
		for _, one := range writings() {
			if !one.atRest {
				w.recorder.await(t, 1)
				one.kill(t, w, killMoment(random))
			}
		}
	}
	w.finish(t)
}

// The same while nobody else has the file open: the next process finds a journal or a WAL, and a
// history.
func TestShellKilledAtRest(t *testing.T) {
	const more = "CREATE TABLE junk AS SELECT hex(zeroblob(400)) AS text FROM metrics LIMIT 2000;"
	random := filetest.Random(t)
	for _, one := range writings() {
		for range rounds(1) {
			moment := killMoment(random)
			t.Run(one.name, func(t *testing.T) {
				w := atRest(t)
				w.shell.run(t, w.path, more) // so that it takes a while
				one.kill(t, w, moment)
				goOn(t, w.path, &w.oracle, 0)
			})
		}
	}
}

// closers are what shells do who are the last to close a history, after its recorder was killed.
func closers() []tool {
	return append(
		scripted(map[string]string{
			"read":                "SELECT sum(count) FROM metrics;",
			"written":             "CREATE TABLE notes (text); INSERT INTO notes VALUES ('crash');",
			"checkpointed":        "PRAGMA wal_checkpoint(TRUNCATE);",
			"vacuumed":            "VACUUM;",
			"rolled back":         "BEGIN IMMEDIATE; DELETE FROM rollups; ROLLBACK;",
			"journal mode delete": "PRAGMA journal_mode = DELETE;",
			"page size":           "PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096; VACUUM;",
		}),
		tool{name: "dumped", use: dump},
		tool{name: "copied", use: copiedTogether},
		tool{name: "left alone", use: func(*testing.T, *world) {}},
	)
}

// A recorder is killed, and a shell is the last to close the file: it takes the WAL in. What was
// accepted is there, and the batch under way whole or not at all.
func TestShellIsTheLastToClose(t *testing.T) {
	for _, one := range closers() {
		t.Run(one.name, func(t *testing.T) {
			w := atRest(t)
			c := startChild(t, w.path)
			c.awaitBatch(t, 2*maintainEvery)
			c.kill(t)
			w.recorder = c.recorder // for its progress
			one.use(t, w)
			tried, acked := c.progress()
			checkFile(t, w.path, &w.oracle, acked, tried)
			for _, one := range w.copies {
				checkFile(t, one.path, &w.oracle, acked, tried)
			}
		})
	}
}

// A recorder is killed at a random moment while a shell works beside it.
func TestRecorderKilledBesideAShell(t *testing.T) {
	random := filetest.Random(t)
	for _, one := range []tool{
		{name: "checkpoint", use: script("PRAGMA wal_checkpoint(TRUNCATE);")},
		{name: "vacuum", use: script("VACUUM;")},
		{name: "own writer", use: ownWriter},
		{name: "backup", use: backup},
	} {
		t.Run(one.name, func(t *testing.T) {
			for range rounds(1) {
				killRecorder(t, one, random)
			}
		})
	}
}

func killRecorder(t *testing.T, one tool, random *rand.Rand) {
	t.Helper()
	w := atRest(t)
	c := startChild(t, w.path)
	c.awaitBatch(t, 2)
	w.recorder = c.recorder // for its progress
	moment := time.Duration(random.Int64N(int64(150 * time.Millisecond)))
	timer := time.AfterFunc(moment, func() { _ = c.command.Process.Kill() })
	defer timer.Stop()
	for alive := true; alive; {
		one.use(t, w)
		select {
		case <-c.done:
			alive = false
		default:
		}
	}
	c.kill(t)
	tried, acked := c.progress()
	checkFile(t, w.path, &w.oracle, acked, tried)
	if len(w.copies) > 0 { // all of them would take long
		last := w.copies[len(w.copies)-1]
		checkFile(t, last.path, &w.oracle, last.least, tried)
	}
}
