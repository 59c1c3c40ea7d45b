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
	frameBytes       = frameHeaderBytes + pageSize // of a history
	walMagic         = 0x377f0682                  // the last bit says that checksums are made of big-endian words
)

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
	const smallest, largest = 512, 65536
	ok := magic&^1 == walMagic && h.pageSize >= smallest && h.pageSize <= largest && h.pageSize&(h.pageSize-1) == 0
	return h, ok && isWALSum(h.sum, p[24:])
}

// isWALSum says that p begins with a checksum, which a WAL has in big-endian words whatever it is made of.
func isWALSum(sum runningSum, p []byte) bool {
	return binary.BigEndian.Uint32(p) == sum.s1 && binary.BigEndian.Uint32(p[4:]) == sum.s2
}

// lostFrames counts the frames of a WAL that SQLite leaves out when it opens it although they were committed: those of the same
// generation that come after a damaged one, up to the last that ends a transaction. The damaged one by itself may be the last that
// somebody began to write, and a transaction that was not ended may have frames without sums.
func lostFrames(wal io.Reader) (int, error) {
	in := bufio.NewReaderSize(wal, 1<<16)
	start := make([]byte, walHeaderBytes)
	if _, err := io.ReadFull(in, start); err != nil {
		return 0, ended(err)
	}
	header, ok := parseWALHeader(start)
	if !ok {
		rest, err := io.Copy(io.Discard, in)
		return int(rest / frameBytes), err
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
			broken = !same || !isWALSum(sum, frame[16:])
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
