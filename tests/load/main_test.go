// Package load lets many series be recorded for a while, at their real pace, with readers that
// never pause and maintenance that always has something to do.
//
// WANSTORE_LOAD_TIME says for how long, such as 10m.
package load

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

// TestMain fails the package when the load leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// length is how long each load lasts.
func length(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("WANSTORE_LOAD_TIME")
	switch {
	case text != "":
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("WANSTORE_LOAD_TIME: %v", err)
		}
		return d
	case testing.Short():
		return 2 * time.Second
	default:
		return 10 * time.Second
	}
}
