package importer_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// A row of the future stops the import, bad lines skipped or not: what comes after the mark is
// taken when its time has come.
func TestRowsOfTheFutureAreTakenLater(t *testing.T) {
	for name, skip := range map[string]bool{"strict": false, "skipping": true} {
		t.Run(name, func(t *testing.T) {
			clock := begin.Add(5*time.Millisecond - service.MaxAhead)
			s := newStoreAt(t, service.Config{}, func() time.Time { return clock })
			path := write(t, "a.csv", header+rows(0, 20))
			result, err := s.add(path, importer.Options{SkipBad: skip})
			if !errors.Is(err, service.ErrAhead) {
				t.Errorf("got error %v, want %v", err, service.ErrAhead)
			}
			if result.Stored != 6 || result.Bad != 0 {
				t.Errorf("%d rows stored and %d bad, want 6 and none", result.Stored, result.Bad)
			}
			clock = now
			s.want(path, importer.Options{}, importer.Result{Read: 14, Stored: 14, Known: 6})
		})
	}
}
