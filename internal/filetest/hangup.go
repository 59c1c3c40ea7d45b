package filetest

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// HearHangups lets the children of a test end at a hangup, until the test ends. Under nohup they
// would ignore it, as their parent does.
func HearHangups(t testing.TB) {
	t.Helper()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
}
