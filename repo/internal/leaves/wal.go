package leaves

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// wal is what the WAL of a database has of its pages. The zero value is that of no WAL.
type wal struct {
	file     *os.File
	pageSize int
	pages    int           // how many the database has after the last commit, 0 if there is none
	at       map[int]int64 // where in the WAL the newest of each page is
}

// openWAL reads a WAL up to the last commit before the first frame that is not sound. What cannot
// be read ends it as damage does.
func openWAL(ctx context.Context, path string) (wal, error) {
	file, err := openRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return wal{}, nil
	}
	if err != nil {
		return wal{}, err
	}
	w := wal{file: file, at: map[int]int64{}}
	in := bufio.NewReaderSize(file, 1<<16)
	start := make([]byte, sqlitefile.WALHeaderBytes)
	if _, err := io.ReadFull(in, start); err != nil {
		return w, nil //nolint:nilerr // one that is too short has no pages
	}
	if header, ok := sqlitefile.ParseWALHeader(start); ok {
		w.pageSize = header.PageSize
		err = w.lay(ctx, header.Frames(in))
	}
	return w, err
}

// lay goes through the frames. Those of a transaction count when it has ended.
func (w *wal) lay(ctx context.Context, frames *sqlitefile.Frames) error {
	var open []int // pages of the transaction
	from := int64(sqlitefile.WALHeaderBytes)
	at := from
	for frames.Next() && frames.Sound() && frames.Page() != 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		open = append(open, int(frames.Page()))
		at += sqlitefile.FrameBytes(int64(w.pageSize))
		if !sqlitefile.EndsTransaction(frames.Frame()) {
			continue
		}
		w.pages = int(sqlitefile.PagesAfter(frames.Frame()))
		for _, page := range open {
			w.at[page] = from + sqlitefile.FrameHeaderBytes
			from += sqlitefile.FrameBytes(int64(w.pageSize))
		}
		open, from = open[:0], at
	}
	return nil
}

// read reads a page that the WAL has.
func (w *wal) read(n int, page []byte) (held bool, err error) {
	at, held := w.at[n]
	if held {
		_, err = w.file.ReadAt(page, at)
	}
	return held, err
}

func (w *wal) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// openRegular refuses what is no file: a pipe would be waited for.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: %w", path, errNoFile)
	}
	return os.Open(path)
}

var errNoFile = errors.New("this is no regular file")
