package disk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
)

// PushLock lets one process at a time send a history to a target. The system gives it up when the
// process ends, however it does. Its file stays for good.
type PushLock struct{ file *os.File }

// TakePushLock takes the lock of the history at path and a target. Where there are no such locks it
// takes none.
//
// Errors: ErrLocked, and those of the file system.
func TakePushLock(path, target string) (*PushLock, error) {
	sum := sha256.Sum256([]byte(target))
	name := path + "-push-" + hex.EncodeToString(sum[:8]) + lockSuffix
	like, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := MakeLike(name, like); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	file, err := openLock(name)
	if errors.Is(err, errors.ErrUnsupported) {
		return &PushLock{}, nil
	}
	if err != nil {
		return nil, err
	}
	err = Flock(file, true)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, file.Close())
	}
	return &PushLock{file: file}, nil
}

// Close gives the lock up. A second call does nothing.
func (l *PushLock) Close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
