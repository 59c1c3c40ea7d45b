//go:build !(darwin || linux)

package disk

// FreeBytes does not know how much may still be written.
func FreeBytes(string) (free int64, known bool) { return 0, false }
