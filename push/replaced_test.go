package push

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// Where another file has taken the place of the history, as after damage, the sender goes on with
// that one, and sends what it has from its beginning.
func TestFileReplaced(t *testing.T) {
	path := filetest.Path(t)
	away := filepath.Join(t.TempDir(), "away.db")
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, path)
		defer w.close()
		w.start()
		w.pass(20 * time.Minute)
		for _, end := range []string{"", "-wal", "-shm"} {
			must(t, os.Rename(path+end, away+end))
		}
		replaced := time.Now()
		w.pass(20 * time.Minute)
		w.checkFrom(replaced.Add(time.Minute), time.Now().Add(-3*time.Minute))
		if got := w.status(); got.BacklogSamples != 0 || got.Sent == 0 {
			t.Errorf("status %+v", got)
		}
	})
}
