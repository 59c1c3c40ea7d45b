// Package media keeps histories on media that are not the disk of a developer: mounted read-only,
// pulled out while they are recorded to, of filesystems that lack what ext4 has. Most tests take
// root, and skips itself without.
package media

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

// childVariable holds what a child of the test does, and pathVariable with which history.
const (
	childVariable = "WANSTORE_TEST_MEDIA_CHILD"
	pathVariable  = "WANSTORE_TEST_MEDIA_PATH"
)

func TestMain(m *testing.M) {
	child := os.Getenv(childVariable)
	if child == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := children[child](os.Getenv(pathVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
