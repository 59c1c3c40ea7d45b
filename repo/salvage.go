package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Salvage is what is intact of a damaged history, put together as a history of its own, whose rows
// Writer.Salvage brings into another one. It is for one goroutine.
type Salvage struct {
	// Source is the damaged file.
	Source string
	// Report says what was found. What is taken is counted with each step.
	Report SalvageReport

	hash   []byte
	folder string
	lock   *os.File // of the folder
	reader *Reader
	tiers  Tiers  // of the damaged file
	newest Micros // the end of its rows
	series map[int64]*Series
	run    SalvageRun // what the file that the rows go to says
}

// ErrSalvaging says that another process is putting together what is left of a damaged file.
var ErrSalvaging = errors.New("another process is salvaging a damaged file of this history")

// ErrSalvageLost says that what was put together of a damaged file cannot be read, and has to be
// put together again. The history is not to blame.
var ErrSalvageLost = errors.New("what was put together of a damaged file cannot be read")

// PrepareSalvage reads what is intact in the file damaged, which it does not change, and puts that
// together in a folder beside the history at path. It takes room for a copy of the file, and a
// second or two for each 10 MB.
//
// Errors: ErrSalvaging, ErrOtherName, ErrDiskFull, those of the file system, and that of ctx.
func PrepareSalvage(ctx context.Context, damaged, path string) (*Salvage, error) {
	s := &Salvage{Source: damaged, folder: path + disk.SalvageSuffix, series: map[int64]*Series{}}
	if err := s.prepare(ctx); err != nil {
		err = sqlite.Failure(ctx, "salvage", damaged, err)
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Salvage) prepare(ctx context.Context) (err error) {
	if err := s.claim(); err != nil {
		return err
	}
	if s.hash, err = disk.Hash(ctx, s.Source); err != nil {
		return err
	}
	if err := disk.CheckName(s.Source); err != nil { // what is new lies beside the other name
		return err
	}
	if err := s.fill(ctx); err != nil {
		return err
	}
	if err := s.rollUp(ctx); err != nil {
		return err
	}
	return s.open(ctx)
}

// claim makes the folder, for this process alone.
func (s *Salvage) claim() error {
	if err := os.Mkdir(s.folder, disk.DirectoryMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	lock, err := os.OpenFile(s.folder, os.O_RDONLY|disk.NoFollow, 0)
	if err != nil {
		return err
	}
	if err := s.own(lock); err != nil {
		return errors.Join(err, lock.Close())
	}
	s.lock = lock
	return s.empty()
}

// own takes the lock of the folder. One that has been removed meanwhile is that of another process,
// which has just ended.
func (s *Salvage) own(folder *os.File) error {
	err := disk.Flock(folder, true)
	if errors.Is(err, disk.ErrLocked) {
		return ErrSalvaging
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	is, err := folder.Stat()
	if err != nil {
		return err
	}
	if named, err := os.Lstat(s.folder); err != nil || !os.SameFile(is, named) {
		return ErrSalvaging
	}
	return nil
}

// empty removes what an earlier salvage has left in the folder, and nothing else.
func (s *Salvage) empty() error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), intactName) {
			errs = append(errs, os.Remove(filepath.Join(s.folder, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// intactName begins the names of all files in the folder.
const intactName = "intact.db"

// path is the history that is put together.
func (s *Salvage) path() string { return filepath.Join(s.folder, intactName) }

// Close removes what was put together. The damaged file stays, and what somebody else has put into
// the folder.
func (s *Salvage) Close() error {
	var errs []error
	if s.reader != nil {
		errs = append(errs, s.reader.Close())
		s.reader = nil
	}
	if s.lock != nil {
		errs = append(errs, s.empty())
		_ = os.Remove(s.folder) // unless there is something else in it
		errs = append(errs, s.lock.Close())
		s.lock = nil
	}
	return errors.Join(errs...)
}

// ForgetSalvages removes what a salvage that was killed has left beside the history at path, unless
// another process is at it.
//
// Errors: those of the file system.
func ForgetSalvages(path string) error {
	s := &Salvage{folder: path + disk.SalvageSuffix}
	if !disk.Exists(s.folder) {
		return nil
	}
	err := s.claim()
	if errors.Is(err, ErrSalvaging) {
		return nil
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("remove %s: %w", s.folder, err)
	}
	return nil
}

// Ages is the policy of the damaged file, zero where nothing tells.
func (s *Salvage) Ages() Ages {
	if ages := s.tiers.Ages(); ages.plausible() {
		return ages
	}
	return Ages{}
}

// Newest is the end of the rows.
func (s *Salvage) Newest() Micros { return s.newest }
