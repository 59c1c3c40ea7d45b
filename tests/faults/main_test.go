// Package faults repeats one run, which records, rolls up, prunes, vacuums and checkpoints, with a
// fault at each of its operations on the disk, and looks at what is left.
//
// A test run takes a sample of the operations, and every moment at which a transaction has just
// been committed once. With WANSTORE_SOAK=1 in the environment it takes them all.
package faults

import (
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
