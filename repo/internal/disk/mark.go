package disk

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// What a lock file says: the numbers that the file system has for the history, its WAL and the lock
// file itself, and one of two words of one length, so that each text replaces the one before.
const (
	markScan   = "wanstore history: file %d WAL %d lock %d "
	markPrint  = "wanstore history: file %020d WAL %020d lock %020d "
	inUseWord  = "in use\n"
	closedWord = "closed\n"
)

// Mark is what a lock file says of the history beside it.
type Mark struct {
	file, wal uint64 // inodes of what was opened for writing last, 0 where none is known
	inUse     bool   // it was not closed, as far as anybody has noted
}

// readMark returns what the lock file with this inode says. Not known is also what cannot be read.
//
// Some file systems (vfat, exFAT, many in user space) give their files other numbers each time they
// are mounted, maybe that of another one. Where the lock file has another, the numbers say nothing.
func readMark(file io.ReaderAt, own uint64) (m Mark, known bool) {
	text := make([]byte, len(Mark{}.text(own)))
	n, _ := file.ReadAt(text, 0)
	for _, word := range []string{inUseWord, closedWord} {
		var lock uint64
		m := Mark{inUse: word == inUseWord}
		_, err := fmt.Sscanf(string(text[:n]), markScan+word, &m.file, &m.wal, &lock)
		if err == nil && lock != own {
			m.file, m.wal = 0, 0
		}
		if err == nil {
			return m, true
		}
	}
	return Mark{}, false
}

// text is what the lock file with this inode says.
func (m Mark) text(own uint64) string {
	word := closedWord
	if m.inUse {
		word = inUseWord
	}
	return fmt.Sprintf(markPrint+word, m.file, m.wal, own)
}

// IsOf says that the mark is about that file.
func (m Mark) IsOf(file fs.FileInfo) bool { return m.file == inode(file) }

// IsStray says that the WAL at path is one that was in use, and the file is not the one that it
// belongs to. Where both are others, the history was copied.
func (m Mark) IsStray(path string, file fs.FileInfo) bool {
	wal, err := os.Stat(path + "-wal")
	return err == nil && m.inUse && m.wal != 0 && m.wal == inode(wal) && !m.IsOf(file)
}

// MarkOf is the mark of a history that is open for writing.
func MarkOf(path string, file fs.FileInfo) Mark {
	m := Mark{file: inode(file), inUse: true}
	if wal, err := os.Stat(path + "-wal"); err == nil {
		m.wal = inode(wal)
	}
	return m
}
