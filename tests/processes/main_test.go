// Package processes lets several processes write and maintain one file at once, and kills them. The
// test binary starts itself again: a process with childVariable in its environment is a writer and
// no test.
package processes

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

// childVariable holds the orders of a child.
const childVariable = "WANSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	orders := os.Getenv(childVariable)
	if orders == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := obey(orders); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
