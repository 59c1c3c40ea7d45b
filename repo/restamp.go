package repo

import (
	"errors"
	"os"
)

// restamp gives every page of the file at path its checksum that has another one, and returns how many had. It is for a file
// into which another program has taken the WAL: a plain SQLite that is the last to close a history does that, after a writer
// was killed, and knows of no checksums. What that program has written is what the WAL said, so nothing is damaged. The caller
// has the lock alone, and nobody has the file open.
func restamp(path string) (pages int, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	page := make([]byte, pageSize)
	const end = pageSize - checksumBytes
	for at := int64(0); ; at += pageSize {
		if n, err := file.ReadAt(page, at); n < pageSize {
			return pages, errors.Join(ended(err), syncIf(file, pages > 0))
		}
		if h := header(page); at == 0 && (!h.isHistory() || !h.isChecked()) {
			return 0, nil
		}
		sum := checksum(page[:end])
		if sum == [checksumBytes]byte(page[end:]) {
			continue
		}
		if _, err := file.WriteAt(sum[:], at+end); err != nil {
			return pages, err
		}
		pages++
	}
}

func syncIf(file *os.File, written bool) error {
	if !written {
		return nil
	}
	return file.Sync()
}
