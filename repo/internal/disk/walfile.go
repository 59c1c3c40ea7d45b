package disk

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// LostFrames counts the frames of a WAL that SQLite leaves out when it opens it although they were
// committed: those of the same generation that come after a damaged one, up to the last that ends a
// transaction. The damaged one by itself may be the last that somebody began to write, and a
// transaction that was not ended may have frames without sums. Where the header is damaged, the
// pages are taken for those of the file.
func LostFrames(wal io.Reader, pageSize int64) (int, error) {
	in := bufio.NewReaderSize(wal, 1<<16)
	start := make([]byte, sqlitefile.WALHeaderBytes)
	if _, err := io.ReadFull(in, start); err != nil {
		return 0, sqlitefile.Ended(err)
	}
	header, ok := sqlitefile.ParseWALHeader(start)
	if !ok {
		rest, err := io.Copy(io.Discard, in)
		return int(rest / sqlitefile.FrameBytes(pageSize)), err
	}
	frames := header.Frames(in)
	broken, after, lost := false, 0, 0
	for frames.Next() {
		switch {
		case broken && frames.OfThisGeneration():
			if after++; sqlitefile.EndsTransaction(frames.Frame()) {
				lost = after
			}
		case !frames.Sound():
			broken = true
		}
	}
	return lost, frames.Err()
}

// errWALAlone says that there is a WAL, and nothing that it could belong to. SQLite would delete
// it.
var errWALAlone = fmt.Errorf("%w: it is empty, and beside it lies a WAL", ErrDamaged)

// CheckWALAlone refuses a WAL without a history. A new file gets its first page before its WAL: so
// the WAL is looked at first.
func CheckWALAlone(path string) error {
	if Size(path+"-wal") == 0 {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 0 {
		return err
	}
	return errWALAlone
}
