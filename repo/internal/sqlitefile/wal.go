package sqlitefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// What a WAL consists of (section 4.1).
const (
	WALHeaderBytes   = 32
	FrameHeaderBytes = 24

	walMagic = 0x377f0682 // the last bit says that checksums are made of big-endian words
)

// FrameBytes is how long a frame is.
func FrameBytes(pageSize int64) int64 { return FrameHeaderBytes + pageSize }

// WALHeader is the beginning of a WAL.
type WALHeader struct {
	Sum      Sum // of the header itself
	PageSize int
	Salt     [8]byte // that of all frames of one generation
}

// ParseWALHeader returns false for what SQLite would not take as a WAL. It takes WALHeaderBytes.
func ParseWALHeader(p []byte) (WALHeader, bool) {
	h := WALHeader{PageSize: int(binary.BigEndian.Uint32(p[8:])), Salt: [8]byte(p[16:])}
	magic := binary.BigEndian.Uint32(p)
	h.Sum.BigEndian = magic&1 != 0
	h.Sum.Add(p[:24])
	return h, magic&^1 == walMagic && IsPageSize(h.PageSize) && h.Sum.IsAt(p[24:])
}

// EndsTransaction says that a frame is the last of a transaction: it says how many pages the
// database has then.
func EndsTransaction(frame []byte) bool { return PagesAfter(frame) != 0 }

// PagesAfter is how many pages the database has after the transaction that a frame ends, or 0 where
// it ends none.
func PagesAfter(frame []byte) uint32 { return binary.BigEndian.Uint32(frame[4:]) }

// Frames goes through the frames of a WAL in their order.
type Frames struct {
	in     *bufio.Reader
	header WALHeader
	frame  []byte
	sum    Sum
	broken bool
	err    error
}

// Frames goes through what comes after the header.
func (h WALHeader) Frames(in *bufio.Reader) *Frames {
	return &Frames{in: in, header: h, frame: make([]byte, FrameHeaderBytes+h.PageSize), sum: h.Sum}
}

// Next goes to the next frame that is there as a whole.
func (f *Frames) Next() bool {
	if _, err := io.ReadFull(f.in, f.frame); err != nil {
		f.err = Ended(err)
		return false
	}
	if !f.broken {
		f.sum.Add(f.frame[:8])
		f.sum.Add(f.frame[FrameHeaderBytes:])
		f.broken = !f.OfThisGeneration() || !f.sum.IsAt(f.frame[16:])
	}
	return true
}

// Frame is the header of the frame and its page, until the next one.
func (f *Frames) Frame() []byte { return f.frame }

// Page is the number of the page in the frame.
func (f *Frames) Page() uint32 { return binary.BigEndian.Uint32(f.frame) }

// Sound says that this frame and all before it are as they were written.
func (f *Frames) Sound() bool { return !f.broken }

// OfThisGeneration says that the frame was written since the WAL was begun.
func (f *Frames) OfThisGeneration() bool { return [8]byte(f.frame[8:]) == f.header.Salt }

// Err is why the frames ended, if that is not the end of the WAL.
func (f *Frames) Err() error { return f.err }

// Ended makes the end of a file no error, wherever it is.
func Ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
