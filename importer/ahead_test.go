package importer_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// A row of the future is a bad line. At the end of the data it is taken when its time has come,
// whether bad lines are skipped or not.
func TestRowsOfTheFutureAreTakenLater(t *testing.T) {
	for name, skip := range map[string]bool{"strict": false, "skipping": true} {
		t.Run(name, func(t *testing.T) {
			clock := begin.Add(5*time.Millisecond - service.MaxAhead)
			s := newStoreAt(t, service.Config{}, func() time.Time { return clock })
			path := write(t, "a.csv", header+rows(0, 20))
			var lines []int64
			options := importer.Options{SkipBad: skip, OnBad: func(bad *importer.LineError) {
				if !errors.Is(bad, service.ErrAhead) {
					t.Errorf("got %v, want %v", bad, service.ErrAhead)
				}
				lines = append(lines, bad.Line)
			}}
			bad := 1
			if skip {
				bad = 14
			}
			for again := range int64(2) {
				lines = nil
				result, err := s.add(path, options)
				if errors.Is(err, service.ErrAhead) == skip {
					t.Errorf("got error %v", err)
				}
				if want := 6 * (1 - again); result.Stored != want || result.Bad != int64(bad) {
					t.Errorf("%d rows stored and %d bad, want %d and %d", result.Stored, result.Bad, want, bad)
				}
				if len(lines) != bad || lines[0] != 8 {
					t.Errorf("bad lines: %d, want %d from line 8 on", lines, bad)
				}
			}
			clock = now
			s.want(path, importer.Options{}, importer.Result{Read: 14, Stored: 14, Known: 6})
		})
	}
}

// A row of the future that others follow is skipped for good, as any other bad line.
func TestARowOfTheFutureAmongOthers(t *testing.T) {
	clock := begin.Add(5*time.Millisecond - service.MaxAhead)
	s := newStoreAt(t, service.Config{}, func() time.Time { return clock })
	path := write(t, "a.csv", header+rows(0, 3)+row(15)+rows(3, 6)+row(16))
	s.want(path, importer.Options{SkipBad: true}, importer.Result{Read: 6, Stored: 6, Bad: 2})
	clock = now
	s.want(path, importer.Options{}, importer.Result{Read: 1, Stored: 1, Known: 7})
}
