// Package media keeps histories on media that are not the disk of a developer: mounted read-only,
// pulled out while they are recorded to, of filesystems that lack what ext4 has. Most tests take
// root, and skips itself without.
package media

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

// childVariable holds what a child of the test does, pathVariable with which history, and
// userVariable as whom: the binary lies where only root may start it.
const (
	childVariable = "WANSTORE_TEST_MEDIA_CHILD"
	pathVariable  = "WANSTORE_TEST_MEDIA_PATH"
	userVariable  = "WANSTORE_TEST_MEDIA_USER"
)

func TestMain(m *testing.M) {
	child := os.Getenv(childVariable)
	if child == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := run(child); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(child string) error {
	if user, err := strconv.Atoi(os.Getenv(userVariable)); err == nil {
		if err := syscall.Setuid(user); err != nil {
			return err
		}
	}
	return children[child](os.Getenv(pathVariable))
}
