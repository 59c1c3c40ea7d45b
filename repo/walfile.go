package repo

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// What a WAL file consists of (https://sqlite.org/fileformat.html#the_write_ahead_log).
const (
	walHeaderBytes   = 32
	frameHeaderBytes = 24
	walMagic         = 0x377f0682 // the last bit says that checksums are made of big-endian words

	smallestPage = 512
	largestPage  = 65536
)

// frameBytes is how long a frame is.
func frameBytes(pageSize int64) int64 { return frameHeaderBytes + pageSize }

// isPageSize says that a database can have pages of so many bytes.
func isPageSize(bytes int) bool {
	return bytes >= smallestPage && bytes <= largestPage && bytes&(bytes-1) == 0
}

// walHeader is the beginning of a WAL.
type walHeader struct {
	sum      runningSum // of the header itself
	pageSize int
	salt     [8]byte // that of all frames of one generation
}

// parseWALHeader returns false for what SQLite would not take as a WAL.
func parseWALHeader(p []byte) (walHeader, bool) {
	h := walHeader{pageSize: int(binary.BigEndian.Uint32(p[8:])), salt: [8]byte(p[16:])}
	magic := binary.BigEndian.Uint32(p)
	h.sum.bigEndian = magic&1 != 0
	h.sum.add(p[:24])
	return h, magic&^1 == walMagic && isPageSize(h.pageSize) && h.sum.isAt(p[24:])
}

// lostFrames counts the frames of a WAL that SQLite leaves out when it opens it although they were
// committed: those of the same generation that come after a damaged one, up to the last that ends a
// transaction. The damaged one by itself may be the last that somebody began to write, and a
// transaction that was not ended may have frames without sums. Where the header is damaged, the
// pages are taken for those of the file.
func lostFrames(wal io.Reader, pageSize int64) (int, error) {
	in := bufio.NewReaderSize(wal, 1<<16)
	start := make([]byte, walHeaderBytes)
	if _, err := io.ReadFull(in, start); err != nil {
		return 0, ended(err)
	}
	header, ok := parseWALHeader(start)
	if !ok {
		rest, err := io.Copy(io.Discard, in)
		return int(rest / frameBytes(pageSize)), err
	}
	frame := make([]byte, frameHeaderBytes+header.pageSize)
	sum, broken, after, lost := header.sum, false, 0, 0
	for {
		if _, err := io.ReadFull(in, frame); err != nil {
			return lost, ended(err)
		}
		same := [8]byte(frame[8:]) == header.salt
		switch {
		case broken && same:
			if after++; endsTransaction(frame) {
				lost = after
			}
		case !broken:
			sum.add(frame[:8])
			sum.add(frame[frameHeaderBytes:])
			broken = !same || !sum.isAt(frame[16:])
		}
	}
}

// endsTransaction says that a frame is the last of a transaction: it says how many pages the file has then.
func endsTransaction(frame []byte) bool { return [4]byte(frame[4:]) != [4]byte{} }

// ended makes the end of a file no error, wherever it is.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
