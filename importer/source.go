package importer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wanstore/wanstore/service"
)

// standardInput is the path that stands for it, and stdinName what people are told.
const (
	standardInput = "-"
	stdinName     = "standard input"
)

// source is the data of an import. It can be read more than once, from any place of its
// uncompressed bytes.
type source struct {
	name     string // as people know it
	origin   string // what the history file remembers of where it came from
	file     *os.File
	size     int64  // of the file, compressed or not
	position int64  // up to where the file has been read
	spooled  string // the path of file where that is a copy, to be removed
}

// openSource opens the file at path. What can be read only once, such as standard input, is copied
// to a temporary file.
func openSource(
	ctx context.Context, path string, progress func(done, total int64),
) (*source, error) {
	if path == "" {
		return nil, service.ErrNoPath
	}
	if path == standardInput {
		return spool(ctx, stdinName, os.Stdin, progress)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := openFile(ctx, path, file, progress)
	if err != nil || s.file != file {
		err = errors.Join(err, file.Close())
	}
	return s, err
}

func openFile(
	ctx context.Context, path string, file *os.File, progress func(done, total int64),
) (*source, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("open %s: this is a directory, want a file", path)
	case !info.Mode().IsRegular(): // a named pipe
		return spool(ctx, path, file, progress)
	}
	origin, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return &source{name: path, origin: origin, file: file, size: info.Size()}, nil
}

// spool copies what can be read only once to a temporary file.
func spool(
	ctx context.Context, name string, from *os.File, progress func(done, total int64),
) (*source, error) {
	file, err := os.CreateTemp("", "wanstore-import-*")
	if err != nil {
		return nil, fmt.Errorf("spool %s: %w", name, err)
	}
	// Removed while it is open, so that a kill leaves nothing behind. Where that cannot be done,
	// Close does it.
	s := &source{name: name, origin: name, file: file, spooled: file.Name()}
	_ = os.Remove(s.spooled)
	if s.size, err = copyInput(ctx, file, from, progress); err != nil {
		return nil, errors.Join(fmt.Errorf("spool %s: %w", name, err), s.Close())
	}
	return s, nil
}

// copyInput copies all of from, or until ctx is done. A read of a terminal or a pipe cannot be
// interrupted: one that is under way when ctx is done stays behind, until there is something to
// read.
func copyInput(
	ctx context.Context, to io.Writer, from io.Reader, progress func(done, total int64),
) (int64, error) {
	reader, writer := io.Pipe()
	go func() {
		_, err := io.Copy(writer, from)
		writer.CloseWithError(err)
	}()
	stop := context.AfterFunc(ctx, func() { writer.CloseWithError(context.Cause(ctx)) })
	defer stop()
	var done int64
	return io.Copy(to, readerFunc(func(p []byte) (int, error) {
		n, err := reader.Read(p)
		done += int64(n)
		progress(done, -1)
		return n, err
	}))
}

// Close closes the file, and removes it if it is a copy.
func (s *source) Close() error {
	err := s.file.Close()
	if s.spooled == "" {
		return err
	}
	if gone := os.Remove(s.spooled); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// read returns a reader of the uncompressed bytes from offset on. It ends with the cause of ctx
// when that is done, and takes the place of the reader before it.
func (s *source) read(ctx context.Context, offset int64) (io.Reader, error) {
	if err := s.seek(0); err != nil {
		return nil, err
	}
	file := bufio.NewReaderSize(s.reader(ctx), MaxRecord)
	magic, err := file.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		if err := s.seek(offset); err != nil {
			return nil, err
		}
		return s.reader(ctx), nil
	}
	uncompressed, err := newMembers(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.name, err)
	}
	if _, err := io.CopyN(io.Discard, uncompressed, offset); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.name, err)
	}
	return uncompressed, nil
}

func (s *source) seek(offset int64) error {
	_, err := s.file.Seek(offset, io.SeekStart)
	s.position = offset
	return err
}

// reader reads the file as it is, and notes how far.
func (s *source) reader(ctx context.Context) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		n, err := s.file.Read(p)
		s.position += int64(n)
		return n, err
	})
}

// readerFunc is an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
