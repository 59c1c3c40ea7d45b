//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package repo

import (
	"errors"
	"io/fs"
	"os"
)

// noFollow is not known there.
const noFollow = 0

// openLock opens none where there are no locks of this kind: nothing is quarantined there.
func openLock(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func flock(*os.File, bool) error { return errors.ErrUnsupported }

func inode(fs.FileInfo) uint64 { return 0 }

// otherLinks is not known there.
func otherLinks(fs.FileInfo) int { return 0 }
