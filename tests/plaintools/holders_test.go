package plaintools

import (
	"fmt"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

const (
	// heldBatches is for how many batches a reader holds its view: many times what the WAL has
	// between two checkpoints here. The long run holds it for heldTime instead.
	heldBatches = 60
	heldTime    = time.Minute
)

// A reader holds a transaction for long: it sees what it saw, and the recorder goes on.
func TestReaderThatHoldsATransaction(t *testing.T) {
	w := beside(t)
	s := w.shell.open(t, w.path)
	defer s.kill()
	const question = "SELECT count(*), sum(count), max(timestamp) FROM metrics;"
	s.ask(t, "BEGIN;")
	before := s.ask(t, question)
	begun := time.Now()
	w.recorder.await(t, heldBatches)
	for filetest.Soak() && time.Since(begun) < heldTime {
		w.recorder.await(t, heldBatches)
	}
	if after := s.ask(t, question); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the reader sees %s, and saw %s", after, before)
	}
	s.ask(t, "COMMIT;")
	if after := s.ask(t, question); fmt.Sprint(after) == fmt.Sprint(before) {
		t.Errorf("the reader sees %s still", after)
	}
	s.close(t)
	w.finish(t)
}

// outsider checkpoints from outside, as Litestream does: one connection holds a read lock, so that
// nobody resets the WAL before it has been copied, and another one checkpoints.
type outsider struct{ holder, checkpointer *session }

func newOutsider(t *testing.T, w *world) outsider {
	t.Helper()
	o := outsider{w.shell.open(t, w.path), w.shell.open(t, w.path)}
	for _, line := range []string{
		"PRAGMA wal_autocheckpoint = 0;",
		"CREATE TABLE IF NOT EXISTS _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);",
		"CREATE TABLE IF NOT EXISTS _litestream_lock (id INTEGER);",
	} {
		o.checkpointer.ask(t, line)
	}
	o.holder.ask(t, "PRAGMA wal_autocheckpoint = 0;")
	o.hold(t)
	return o
}

// hold takes the read lock.
func (o outsider) hold(t *testing.T) {
	t.Helper()
	o.holder.ask(t, "BEGIN;")
	o.holder.ask(t, "SELECT count(*) FROM _litestream_seq;")
}

// checkpoint lets go of the lock for a checkpoint that resets the WAL. It writes a row first
// and last, so that there is a WAL, and keeps others from writing meanwhile.
func (o outsider) checkpoint(t *testing.T, kind string) {
	t.Helper()
	const bump = `INSERT INTO _litestream_seq VALUES (1, 1)
		ON CONFLICT (id) DO UPDATE SET seq = seq + 1;`
	o.checkpointer.ask(t, bump)
	o.holder.ask(t, "ROLLBACK;")
	o.checkpointer.ask(t, fmt.Sprintf("PRAGMA wal_checkpoint(%s);", kind))
	o.checkpointer.ask(t, bump)
	o.hold(t)
	o.checkpointer.ask(t, "BEGIN; INSERT INTO _litestream_lock VALUES (1); ROLLBACK;")
}

func (o outsider) close(t *testing.T) {
	t.Helper()
	o.checkpointer.close(t)
	o.holder.close(t)
}

// A checkpointer from outside holds a read lock nearly all the time, and checkpoints.
func TestCheckpointerFromOutside(t *testing.T) {
	w := beside(t)
	o := newOutsider(t, w)
	defer o.holder.kill()
	defer o.checkpointer.kill()
	for _, kind := range []string{"PASSIVE", "RESTART", "PASSIVE", "TRUNCATE", "FULL", "TRUNCATE"} {
		w.recorder.await(t, maintainEvery)
		if kind == "PASSIVE" {
			o.checkpointer.ask(t, "PRAGMA wal_checkpoint(PASSIVE);") // under the lock
			continue
		}
		o.checkpoint(t, kind)
	}
	o.close(t)
	w.finish(t)
}

// It may be killed at any of that.
func TestCheckpointerFromOutsideKilled(t *testing.T) {
	w := beside(t)
	for range 3 {
		o := newOutsider(t, w)
		w.recorder.await(t, 2)
		o.checkpoint(t, "TRUNCATE")
		w.recorder.await(t, 2)
		o.holder.kill()
		o.checkpointer.kill()
	}
	w.finish(t)
}
