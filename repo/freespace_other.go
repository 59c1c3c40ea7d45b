//go:build !(darwin || linux)

package repo

// freeBytes does not know how much may still be written.
func freeBytes(string) (free int64, known bool) { return 0, false }
