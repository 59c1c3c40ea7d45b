package repo

import (
	"fmt"
	"io/fs"
	"os"
)

// What a lock file says: the numbers that the file system has for the history and its WAL, and one
// of two words of one length, so that each text replaces the one before.
const (
	markScan   = "wanstore history: file %d WAL %d "
	markPrint  = "wanstore history: file %020d WAL %020d "
	inUseWord  = "in use\n"
	closedWord = "closed\n"
)

// mark is what a lock file says of the history beside it.
type mark struct {
	file, wal uint64 // inodes of what was opened for writing last, 0 where there are none
	inUse     bool   // it was not closed, as far as anybody has noted
}

// readMark returns what a lock file says. Not known is also what cannot be read.
func readMark(file *os.File) (m mark, known bool) {
	text := make([]byte, len(mark{}.text()))
	n, _ := file.ReadAt(text, 0)
	for _, word := range []string{inUseWord, closedWord} {
		m := mark{inUse: word == inUseWord}
		if _, err := fmt.Sscanf(string(text[:n]), markScan+word, &m.file, &m.wal); err == nil {
			return m, true
		}
	}
	return mark{}, false
}

func (m mark) text() string {
	word := closedWord
	if m.inUse {
		word = inUseWord
	}
	return fmt.Sprintf(markPrint+word, m.file, m.wal)
}

// isOf says that the mark is about that file.
func (m mark) isOf(file fs.FileInfo) bool { return m.file == inode(file) }

// isStray says that the WAL at path is one that was in use, and the file is not the one that it
// belongs to. Where both are others, the history was copied.
func (m mark) isStray(path string, file fs.FileInfo) bool {
	wal, err := os.Stat(path + "-wal")
	return err == nil && m.inUse && m.wal != 0 && m.wal == inode(wal) && !m.isOf(file)
}

// markOf is the mark of a history that is open for writing.
func markOf(path string, file fs.FileInfo) mark {
	m := mark{file: inode(file), inUse: true}
	if wal, err := os.Stat(path + "-wal"); err == nil {
		m.wal = inode(wal)
	}
	return m
}
