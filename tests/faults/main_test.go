// Package faults repeats one run, which records, rolls up, prunes, vacuums and checkpoints, with a fault at each of its
// operations on the disk, and looks at what is left.
//
// A test run takes a sample of the operations, and every moment at which a transaction has just been committed once. With
// WANSTORE_SOAK=1 in the environment it takes them all.
package faults

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soak says that every operation has its turn.
func soak() bool { return os.Getenv("WANSTORE_SOAK") == "1" }

// seedVariable repeats what a failed run has drawn.
const seedVariable = "WANSTORE_SEED"

// draw returns what decides by chance, with the seed logged.
func draw(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("%s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}
