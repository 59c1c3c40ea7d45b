package repo

import (
	"bufio"
	"io"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// lostFrames counts the frames of a WAL that SQLite leaves out when it opens it although they were
// committed: those of the same generation that come after a damaged one, up to the last that ends a
// transaction. The damaged one by itself may be the last that somebody began to write, and a
// transaction that was not ended may have frames without sums. Where the header is damaged, the
// pages are taken for those of the file.
func lostFrames(wal io.Reader, pageSize int64) (int, error) {
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
