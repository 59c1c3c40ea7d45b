package measure

import (
	"fmt"
	"path/filepath"

	"github.com/prometheus/procfs"
)

// Kernel reads what the kernel says about this machine's network. It holds no
// open file and may be used by several goroutines at once. Its methods read
// procfs, which is memory: they take microseconds and never wait for a network.
type Kernel struct {
	fs   procfs.FS
	root string
}

// OpenKernel reads from the proc file system mounted at root; an empty root
// means /proc. A root that is no directory is an error.
func OpenKernel(root string) (Kernel, error) {
	if root == "" {
		root = procfs.DefaultMountPoint
	}
	fs, err := procfs.NewFS(root)
	if err != nil {
		return Kernel{}, fmt.Errorf("open the proc file system: %w", err)
	}
	return Kernel{fs: fs, root: root}, nil
}

func (k Kernel) file(name string) string {
	return filepath.Join(k.root, filepath.FromSlash(name))
}
