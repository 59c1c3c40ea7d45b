package leaves

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// File is a database that is read by its pages. It is not for concurrent use.
type File struct {
	geometry

	db         *os.File
	size       int64
	wal        wal
	header     header
	pages      int
	autoVacuum bool
	old        bool // its rows are those of versions 1 and 2

	maps     map[int][]byte // pages of the pointer map, nil for one that makes no sense
	freelist freelist
	roots    map[int]string // tables by their roots, as far as the schema can be read; nil at first

	// Memory that is used again.
	record   record
	row      seal.Row
	overflow []byte
}

// Open opens the database at path, and its WAL, to read them; nobody may write to them meanwhile.
// It finds out what its pages are like, whatever its header says, for which it reads some of them,
// and all where a damaged pointer map or freelist wants it.
func Open(ctx context.Context, path string) (*File, error) {
	f := &File{maps: map[int][]byte{}}
	err := f.open(ctx, path)
	if err == nil {
		err = f.settle(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the pages of %s: %w", path, err), f.Close())
	}
	return f, nil
}

func (f *File) open(ctx context.Context, path string) (err error) {
	if f.db, err = openRegular(path); err != nil {
		return err
	}
	info, err := f.db.Stat()
	if err != nil {
		return err
	}
	f.size = info.Size()
	f.wal, err = openWAL(ctx, path+"-wal")
	return err
}

// Close closes the file.
func (f *File) Close() error {
	err := f.wal.close()
	if f.db != nil {
		err = errors.Join(err, f.db.Close())
	}
	return err
}

// Pages returns how many pages there are. They are numbered from 1 on.
func (f *File) Pages() int { return f.pages }

// mostCutOff bounds how many pages a database is believed to have had before its end was cut off,
// in parts of those that are there.
const mostCutOff = 16

// settle finds out what the pages are like: each step takes what the ones before have found.
func (f *File) settle(ctx context.Context) error {
	f.settleGeometry()
	f.overflow = make([]byte, f.pageSize)
	f.pages = int((f.size + int64(f.pageSize) - 1) / int64(f.pageSize))
	if there := f.pages + len(f.wal.at); f.wal.pages > 0 {
		f.pages = min(f.wal.pages, mostCutOff*there)
	}
	if err := f.settleFree(ctx); err != nil {
		return err
	}
	return f.settleVersion(ctx)
}

// settleGeometry takes the WAL's page size where the database says nothing. A WAL with pages of
// another size than those of the database, or of a database that is no history beside one, is none
// of this database.
func (f *File) settleGeometry() {
	start := make([]byte, sqlitefile.HeaderBytes)
	n, _ := f.db.ReadAt(start, 0) // what cannot be read is damaged
	f.header = parseHeader(start[:n])
	preferred := []geometry{{sqlitefile.SmallestPage, 0}}
	if f.header != nil {
		preferred[0] = f.header.geometry()
	}
	judged, known := judge(f.db, f.size, preferred...)
	if !known && f.wal.pages > 0 {
		judged = geometry{f.wal.pageSize, 0}
	}
	f.geometry = judged
	if f.wal.pages == 0 {
		return
	}
	page := make([]byte, f.wal.pageSize)
	held, err := f.wal.read(1, page)
	newest := parseHeader(page)
	if f.wal.pageSize != f.pageSize || held && f.header.isHistory() && !newest.isHistory() {
		f.wal.pages, f.wal.at = 0, nil
		return
	}
	if held && err == nil && newest != nil {
		f.header, f.reserved = newest, newest.geometry().reserved
	}
}

// settleVersion finds out which rows there are, from some of the pages: one with a check value
// settles it.
func (f *File) settleVersion(ctx context.Context) error {
	const sample = 512
	step := max(f.pages/sample, 1)
	has := func(proof Proof) bool {
		for n := 1; n <= f.pages && ctx.Err() == nil; n += step {
			for _, row := range f.look(n).Rows {
				if row.Proof >= proof {
					return true
				}
			}
		}
		return false
	}
	switch {
	case has(ByCheckValue):
	case f.header.isHistory():
		f.old = f.header.isOld()
	default:
		f.old = true
		f.old = has(ByWholePage)
	}
	return ctx.Err()
}

// read reads a page into memory of its size, from the WAL where that has it. It says whether the
// checksum of the page, or of its frame, is right. A page that is cut off ends with zeros.
func (f *File) read(n int, page []byte) (summed bool, err error) {
	if held, err := f.wal.read(n, page); held {
		return err == nil, err
	}
	got, err := f.db.ReadAt(page, int64(n-1)*int64(f.pageSize))
	if err != nil && (got == 0 || !errors.Is(err, io.EOF)) {
		return false, fmt.Errorf("page %d: %w", n, err)
	}
	clear(page[got:])
	return got == len(page) && f.reserved == pageSumBytes && hasPageSum(page), nil
}

// hasPageSum says that a page ends with its checksum, as SQLite's cksumvfs makes it
// (https://sqlite.org/cksumvfs.html).
func hasPageSum(page []byte) bool {
	var sum sqlitefile.Sum
	end := len(page) - pageSumBytes
	sum.Add(page[:end])
	return sum.IsLittleEndianAt(page[end:])
}

// holdsContent says that there is a page of this number that can have rows, or a part of one.
func (f *File) holdsContent(n int) bool {
	if n < 1 || n > f.pages || n == f.lockByte() {
		return false
	}
	return n == 1 || !f.autoVacuum || f.mapOf(n) != n
}
