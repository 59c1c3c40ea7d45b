package repo

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// Findings are what was found wrong with a file when it was opened for writing, and what was done
// about it.
type Findings struct {
	// Quarantine is the damaged file that lay there before, nil if none did.
	Quarantine *Quarantine
	// Rebuilt is what was done with a file of an earlier version, nil for one of this version.
	Rebuilt *Rebuilt
	// MendedSchema names the tables, triggers or views of which the file did not say what was
	// written: that has been put right. It is empty where it did.
	MendedSchema string
	// Unchecked says that the check has not seen the whole file in its time.
	Unchecked bool
	// LostFrames is how many pages of the WAL come after one that is damaged: SQLite leaves them
	// out. A power cut can do this to what was committed last, unless commits are synced.
	LostFrames int
	// StrayWAL is the name under which the WAL of another file was moved aside: that file was in
	// use, and has been replaced.
	StrayWAL string
	// OtherNames is how many more hard links the file has. Each has a WAL of its own: what a killed
	// process has left in that of another name is not seen.
	OtherNames int
}

// examine looks at what the last writer has left, while there is no other one. last is what the
// lock file says. A WAL that is gone says nothing: whatever program was the last to close the file
// has taken it in.
func (f *Findings) examine(path string, file fs.FileInfo, last disk.Mark) error {
	if disk.Size(path+"-wal") == 0 {
		return nil
	}
	if last.IsStray(path, file) && file.Size() > 0 {
		var err error
		f.StrayWAL, err = disk.MoveAside(path, false, time.Now())
		return err
	}
	h, err := disk.ReadHeader(path)
	if err != nil {
		return err
	}
	wal, err := os.Open(path + "-wal")
	if err != nil {
		return nil //nolint:nilerr // SQLite says it better, if it cannot do without
	}
	f.LostFrames, err = disk.LostFrames(wal, h.PageSize())
	return errors.Join(err, wal.Close())
}

// Findings returns what was found when the file was opened, the last time.
func (w *Writer) Findings() Findings { return w.findings }
