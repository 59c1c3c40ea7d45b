package disk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Hash returns the SHA-256 of a history and, if there is one, of its WAL: by that it is known again
// under any name.
func Hash(ctx context.Context, path string) ([]byte, error) {
	sum := sha256.New()
	for _, name := range []string{path, path + "-wal"} {
		err := addFile(ctx, sum, name)
		if errors.Is(err, fs.ErrNotExist) && name != path {
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return sum.Sum(nil), nil
}

func addFile(ctx context.Context, sum io.Writer, path string) error {
	file, err := os.OpenFile(path, os.O_RDONLY|NoFollow, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not even a regular file", ErrNotDatabase)
	}
	return addContent(ctx, sum, file, info.Size())
}

// addContent adds what can be read: a disk that damages files has places that cannot.
func addContent(ctx context.Context, sum io.Writer, file io.ReaderAt, size int64) error {
	part := make([]byte, 1<<16)
	for at := int64(0); at < size; at += int64(len(part)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, _ := file.ReadAt(part, at)
		if _, err := sum.Write(part[:n]); err != nil {
			return err
		}
	}
	return nil
}
