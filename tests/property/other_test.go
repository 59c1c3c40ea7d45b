package property

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// another is a second writer of the file, as another process has one. It commits what it is given
// at once.
type another struct {
	writer *repo.Writer
	series []*repo.Series
}

// writeByAnother stores samples behind the back of the writer under test, which has to know of them
// with its next commit.
func (m *machine) writeByAnother(t *rapid.T) {
	m.dirty = true
	if m.other.writer == nil {
		m.openAnother(t)
	}
	list := m.draw(t, m.anyTime)
	batch := repo.Batch{Latest: repo.Micros(m.oracle.now + minute)}
	for _, s := range list {
		batch.Samples = append(batch.Samples, repo.Sample{
			Series: m.other.series[s.series], TS: repo.Micros(s.ts), Value: s.value,
		})
	}
	outcomes := make([]repo.Outcome, len(list))
	if err := m.other.writer.Append(t.Context(), batch, outcomes); err != nil {
		t.Fatal(err)
	}
	mine := m.oracle.counters
	m.oracle.counters = counters{}
	for _, s := range list {
		_ = m.oracle.add(s)
	}
	diff := cmp.Diff(m.oracle.counters, counted(outcomes), cmp.AllowUnexported(counters{}))
	if diff != "" {
		t.Fatalf("outcomes of another writer (-want +got):\n%s", diff)
	}
	m.oracle.counters = mine
}

func counted(outcomes []repo.Outcome) (c counters) {
	for _, outcome := range outcomes {
		switch outcome {
		case repo.Stored:
			c.accepted++
		case repo.StoredLate:
			c.accepted++
			c.late++
		case repo.Duplicate:
			c.duplicate++
		case repo.RefusedValue:
			c.value++
		case repo.RefusedAhead:
			c.ahead++
		case repo.RefusedOld:
			c.tooOld++
		case repo.RefusedAggregation, repo.RefusedSeries, repo.RefusedDamaged: // never here
		}
	}
	return c
}

func (m *machine) openAnother(t *rapid.T) {
	t.Helper()
	writer, err := repo.OpenWriter(t.Context(), m.path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	m.other.writer = writer
	for _, one := range world {
		key := repo.Key{MetricName: one.metric, WANName: one.wan, Labels: one.stored()}
		m.other.series = append(m.other.series, &repo.Series{Key: key})
		if one.mode {
			m.other.series[len(m.other.series)-1].Aggregation = repo.Mode
		}
	}
}

func (m *machine) closeAnother(t *rapid.T) {
	t.Helper()
	if m.other.writer == nil {
		return
	}
	if err := m.other.writer.Close(); err != nil {
		t.Fatal(err)
	}
	m.other = another{}
}

// writeCrowd commits samples one by one at very few moments: blocks that begin in the same
// microsecond.
func (m *machine) writeCrowd(t *rapid.T) {
	at := m.anyTime(t)
	for _, s := range m.draw(t, func(t *rapid.T) micros {
		return at + micros(rapid.IntRange(0, 2).Draw(t, "after"))
	}) {
		m.writeSamples(t, []sample{s})
	}
}

// goOnWithCopy goes on with a copy that SQLite makes of the file, without what is not committed.
func (m *machine) goOnWithCopy(t *rapid.T) {
	m.idle(t)
	m.moveTo(t, func(was, is string) error {
		if rapid.Bool().Draw(t, "vacuum") {
			return filetest.Run(was, fmt.Sprintf("VACUUM INTO '%s'", is))
		}
		return backUp(was, is)
	})
}

func backUp(from, to string) error {
	conn, err := sqlite3.OpenFlags(from, sqlite3.OPEN_READWRITE)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Backup("main", "file:"+filepath.ToSlash(to))
}

// moveTo goes on with another file.
func (m *machine) moveTo(t *rapid.T, makeCopy func(was, is string) error) {
	t.Helper()
	m.dirty = true
	was := m.path
	m.files++
	m.path = filepath.Join(m.dir, fmt.Sprintf("%d.db", m.files))
	if err := makeCopy(was, m.path); err != nil {
		t.Fatal(err)
	}
	m.closeAnother(t)
	m.stopReading(t)
	m.closeNow(t)
	m.oracle.pending = nil
	m.open(t)
}

// checkStatus compares how many raw samples the status of the file has, and the first and the last
// of them.
func (m *machine) checkStatus(t *rapid.T) {
	t.Helper()
	status, err := m.history.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, first, last := int64(0), micros(math.MaxInt64), micros(0)
	for at := range m.oracle.buckets(raw) {
		rows, first, last = rows+1, min(first, at.ts), max(last, at.ts)
	}
	got := status.Tiers[raw]
	if got.Rows != rows || rows > 0 &&
		(micros(got.First.UnixMicro()) != first || micros(got.Last.UnixMicro()) != last) {
		t.Fatalf("%d raw samples from %s to %s, want %d from %d to %d", got.Rows, got.First, got.Last,
			rows, first, last)
	}
}
