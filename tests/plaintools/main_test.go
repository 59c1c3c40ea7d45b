// Package plaintools lets ordinary tools at a history: SQLite's own shell, Litestream, Python,
// another driver, cp, mv and kill, each beside a recorder and for a file at rest. A history is an
// ordinary SQLite file: whatever these do to it that is no damage, nothing accepted is lost or
// counted twice, nobody is told of damage, and every copy is a history of its own.
//
// What was recorded is known of each batch, so an oracle says what a file or a copy has to hold.
// The test binary starts itself again where a recorder has to be killed: a process with
// childVariable in its environment is one and no test.
package plaintools

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

// childVariable holds the path of the history that a child records into.
const childVariable = "WANSTORE_TEST_PLAINTOOLS_CHILD"

func TestMain(m *testing.M) {
	path := os.Getenv(childVariable)
	if path == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := recordAsChild(path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
