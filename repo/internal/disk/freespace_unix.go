//go:build darwin || linux

package disk

import "syscall"

// FreeBytes is how much this user may still write to the file system of a directory, if that can be
// known.
func FreeBytes(directory string) (free int64, known bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(directory, &stat); err != nil {
		return 0, false
	}
	return int64(stat.Bavail) * int64(stat.Bsize), true //nolint:unconvert // types differ
}
