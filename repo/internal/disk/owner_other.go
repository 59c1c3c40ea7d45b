//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

// ownedByAnother is not known where files have no owners of this kind.
func ownedByAnother(fs.FileInfo) bool { return false }

// serves is true where files have no owners of this kind.
func serves(*os.File, fs.FileInfo) error { return nil }

// chownLike does nothing where files have no owners of this kind.
func chownLike(*os.File, fs.FileInfo) error { return nil }
