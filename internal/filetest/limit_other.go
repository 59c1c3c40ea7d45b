//go:build !unix

package filetest

import "testing"

// Limit skips the test: only Unix limits the size of files.
func Limit(t testing.TB, _ uint64) (release func()) {
	t.Helper()
	t.Skip("this system does not limit the size of files")
	return nil
}
