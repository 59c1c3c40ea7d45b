//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package disk

import (
	"errors"
	"io/fs"
	"os"
)

// NoFollow is not known there.
const NoFollow = 0

// openLock opens none where there are no locks of this kind: nothing is quarantined there.
func openLock(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// Flock takes no lock there.
func Flock(*os.File, bool) error { return errors.ErrUnsupported }

func inode(fs.FileInfo) uint64 { return 0 }

// OtherLinks is not known there.
func OtherLinks(fs.FileInfo) int { return 0 }
