package filetest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seedVariable repeats what a test has drawn.
const seedVariable = "WANSTORE_SEED"

// Random returns what a test draws from by chance, with the seed logged: WANSTORE_SEED in the
// environment, or a new one each time.
func Random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("%s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}
