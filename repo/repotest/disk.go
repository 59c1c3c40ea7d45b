package repotest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// Disk is a directory whose faults are chosen. It is safe for any number of goroutines.
type Disk struct {
	dir string

	mu       sync.Mutex
	names    names
	count    int
	underWay *Operation
	watch    func(Operation)
	faults   map[int]Fault
	struck   []Operation
	failing  error // what every operation fails with until Heal
	reads    int
	readable int           // how many of them succeed
	unread   error         // what the others fail with until Heal
	hung     chan struct{} // closed by Heal
	capacity int64         // 0 for no limit
	left     map[string][]byte
}

// NewDisk makes a disk of a directory that is there. What it holds already is durable. The disk is
// gone when the test ends.
//
// In a test with simulated time, call it outside of the bubble.
func NewDisk(t testing.TB, dir string) *Disk {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := &Disk{dir: dir, faults: map[int]Fault{}, names: names{durable: map[string]*image{}}}
	if err := d.look(); err != nil {
		t.Fatal(err)
	}
	mounted.mount(d)
	t.Cleanup(func() {
		d.Heal()
		mounted.unmount(d)
	})
	return d
}

// look takes in the files that are there.
func (d *Disk) look() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		path := filepath.Join(d.dir, entry.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		d.names.durable[path] = &image{durable: content}
	}
	return nil
}

// Operations is how many operations there have been.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// At orders a fault for the nth operation, counted from 1 for the first one of the disk.
func (d *Disk) At(n int, fault Fault) {
	if fault.hangs {
		d.expectHang()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults[n] = fault
}

// Next orders a fault for the operation that comes next.
func (d *Disk) Next(fault Fault) { d.At(d.Operations()+1, fault) }

// expectHang makes what a hung operation waits for: here, so that in a test with simulated time it
// is of that test's bubble.
func (d *Disk) expectHang() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hung == nil {
		d.hung = make(chan struct{})
	}
}

// Heal ends the faults that last, also those that have not struck yet. A crash lasts for ever.
func (d *Disk) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing, d.unread = nil, nil
	clear(d.faults)
	if d.hung != nil {
		close(d.hung)
		d.hung = nil
	}
}

// Reads is how many readings there have been. They are no operations.
func (d *Disk) Reads() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reads
}

// FailReads lets the readings succeed up to the nth one, counted from the first one of the disk,
// and all later ones fail until Heal.
func (d *Disk) FailReads(after int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readable, d.unread = after, err
}

// read counts a reading, and returns the error that it is to fail with.
func (d *Disk) read(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	if d.unread == nil || d.reads <= d.readable {
		return nil
	}
	return &fs.PathError{Op: "read", Path: path, Err: d.unread}
}

// SetCapacity limits how many bytes all files of the directory have together; 0 is no limit. A
// write beyond it fails with ENOSPC after as many bytes as there is room for; one that makes no
// file longer always has room.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = bytes
}

// Watch calls f before every operation, in the goroutine that does it. Only Leave, Operations and
// Struck may be called there.
func (d *Disk) Watch(f func(Operation)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watch = f
}

// Struck returns the operations that faults have struck, those after the first of a lasting one
// left out.
func (d *Disk) Struck() []Operation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.struck)
}

// Leave writes what a crash at this moment would leave into another directory. Watch calls it for
// the moment before an operation.
func (d *Disk) Leave(dir string, crash Crash) error {
	d.mu.Lock()
	op := d.underWay
	if op == nil {
		op = &Operation{}
	}
	left := crash.leave(&d.names, op)
	d.mu.Unlock()
	return save(dir, left)
}

// Save writes what the crash of a Stop has left into another directory.
func (d *Disk) Save(dir string) error {
	d.mu.Lock()
	left := d.left
	d.mu.Unlock()
	if left == nil {
		return errors.New("nothing has crashed: order a Stop for an operation that comes")
	}
	return save(dir, left)
}

func save(dir string, files map[string][]byte) error {
	for path, content := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), content, 0o640); err != nil {
			return err
		}
	}
	return nil
}

// begin counts an operation, and returns the error that it is to fail with.
func (d *Disk) begin(op *Operation) error {
	d.mu.Lock()
	if d.left != nil {
		d.mu.Unlock()
		return failure(op.Kind, op.Path, syscall.EIO)
	}
	d.count++
	op.Number = d.count
	d.underWay = op
	watch := d.watch
	d.mu.Unlock()
	if watch != nil {
		watch(*op)
	}
	return d.strike(op)
}

// strike lets the fault of an operation strike, if there is one.
func (d *Disk) strike(op *Operation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	fault, ordered := d.faults[op.Number]
	if ordered {
		delete(d.faults, op.Number)
		d.struck = append(d.struck, *op)
	}
	switch {
	case fault.crash != nil:
		d.left = fault.crash.leave(&d.names, op)
		return failure(op.Kind, op.Path, syscall.EIO)
	case fault.hangs:
		hung := d.hung
		d.mu.Unlock()
		<-hung
		d.mu.Lock()
	case fault.err != nil:
		if fault.lasts {
			d.failing = fault.err
		}
		return failure(op.Kind, op.Path, fault.err)
	}
	if d.failing != nil {
		return failure(op.Kind, op.Path, d.failing)
	}
	return nil
}

// room returns the size up to which a file can grow, at least the one it has, if it is to have the
// given one.
func (d *Disk) room(path string, size int64) (int64, error) {
	if d.capacity == 0 {
		return size, nil
	}
	own, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("what is there of a file that is open: %w", err)
	}
	if size <= own.Size() {
		return size, nil
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return 0, err
	}
	free := d.capacity
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if info.Mode().IsRegular() {
			free -= info.Size()
		}
	}
	return min(size, own.Size()+max(free, 0)), nil
}

// opened returns the content of a file that has just been opened. One that is not known yet is new,
// unless there is something in it already: then somebody else has put it there, and it is durable.
func (d *Disk) opened(path string) (*image, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	known := d.names.get(path)
	if known != nil && known.length() == int64(len(content)) {
		return known, nil
	}
	made := &image{durable: content}
	d.names.set(path, made)
	if len(content) > 0 {
		d.names.sync()
	}
	return made, nil
}

// deleted takes a file away that has been removed without an error.
func (d *Disk) deleted(path string, syncDir bool, err error) error {
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names.set(path, nil)
	if syncDir {
		d.names.sync()
	}
	return nil
}
