//go:build unix

package disk

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByAnother says that a file belongs to another user than the one of this process.
func ownedByAnother(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) != os.Geteuid()
}

// serves says that the owner of a history can write the file that was made beside it.
func serves(made *os.File, like fs.FileInfo) error {
	info, err := made.Stat()
	if err != nil {
		return err
	}
	got, ok := info.Sys().(*syscall.Stat_t)
	want, wanted := like.Sys().(*syscall.Stat_t)
	const groupWrites = 0o060
	if !ok || !wanted || got.Uid == want.Uid || got.Gid == want.Gid &&
		like.Mode().Perm()&groupWrites == groupWrites {
		return nil
	}
	return errLocksOut
}

// chownLike gives a file the owner of another one, which takes root and a file system with owners.
func chownLike(file *os.File, like fs.FileInfo) error {
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return unlessRefused(file.Chown(int(owner.Uid), int(owner.Gid)))
}
