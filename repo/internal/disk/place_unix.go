//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// deviceOf returns the number of the device that a directory is on.
func deviceOf(dir string) (uint64, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	return uint64(stat.Dev), nil //nolint:unconvert // each system has its own type
}
