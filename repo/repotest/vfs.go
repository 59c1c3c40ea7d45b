package repotest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// mounted is the VFS beneath the writers of this process, which knows all disks.
var mounted = &disks{}

//nolint:gochecknoinits // before any test opens its first file
func init() { vfs.Register(sqlite.FaultVFS, mounted) }

// disks finds the disk that a path lies on. What lies on none goes to the driver's own VFS.
type disks struct {
	mu  sync.RWMutex
	all []*Disk
}

func (v *disks) mount(d *Disk) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, d)
}

func (v *disks) unmount(d *Disk) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, other := range v.all {
		if other == d {
			v.all = append(v.all[:i:i], v.all[i+1:]...)
			return
		}
	}
}

// find returns the disk of a path, nil where there is none.
func (v *disks) find(path string) *Disk {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, d := range v.all {
		if strings.HasPrefix(path, d.dir+string(filepath.Separator)) {
			return d
		}
	}
	return nil
}

// driver is the driver's own VFS, which opens files by their names.
func driver() vfs.VFSFilename { return vfs.Find("").(vfs.VFSFilename) }

// Open is never called: SQLite opens by OpenFilename.
func (v *disks) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return driver().Open(name, flags)
}

// OpenFilename opens a file, on its disk if it lies on one.
func (v *disks) OpenFilename(
	name *vfs.Filename, flags vfs.OpenFlag,
) (vfs.File, vfs.OpenFlag, error) {
	path := name.String()
	disk := v.find(path)
	if disk == nil {
		return driver().OpenFilename(name, flags)
	}
	if flags&vfs.OPEN_CREATE != 0 {
		if err := disk.begin(&Operation{Kind: Open, Path: path}); err != nil {
			return nil, flags, err
		}
	}
	opened, got, err := driver().OpenFilename(name, flags)
	if err != nil {
		return nil, got, err
	}
	own, ok := opened.(sqlite.DriverFile)
	if !ok {
		return nil, got, errors.Join(fmt.Errorf("the driver's VFS opens a %T", opened), opened.Close())
	}
	image, err := disk.opened(path)
	if err != nil {
		return nil, got, errors.Join(err, opened.Close())
	}
	const journals = vfs.OPEN_MAIN_JOURNAL | vfs.OPEN_SUPER_JOURNAL | vfs.OPEN_WAL
	return &file{
		DriverFile: own, disk: disk, path: path, image: image,
		syncDir: flags&vfs.OPEN_CREATE != 0 && flags&journals != 0,
	}, got, nil
}

// Delete removes a file.
func (v *disks) Delete(path string, syncDir bool) error {
	disk := v.find(path)
	if disk == nil {
		return driver().Delete(path, syncDir)
	}
	if err := disk.begin(&Operation{Kind: Delete, Path: path}); err != nil {
		return err
	}
	return disk.deleted(path, syncDir, driver().Delete(path, syncDir))
}

// Access looks whether a file is there.
func (v *disks) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return driver().Access(name, flags)
}

// FullPathname resolves a path.
func (v *disks) FullPathname(name string) (string, error) { return driver().FullPathname(name) }
