package importer

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
)

// members reads the members of gzip data, one after the other. Zeros after the last one are
// nothing, as they are to gzip: tapes and devices pad what they hold to whole blocks.
type members struct {
	file *bufio.Reader
	one  *gzip.Reader
}

func newMembers(file *bufio.Reader) (*members, error) {
	one, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	one.Multistream(false)
	return &members{file: file, one: one}, nil
}

// Read reads what is uncompressed.
func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.one.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if n > 0 {
			return n, nil // the end comes up again
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
}

// next begins with the next member. The error is io.EOF if there is none.
func (m *members) next() error {
	padded, err := m.file.Peek(1)
	if err != nil {
		return err
	}
	if padded[0] == 0 {
		return m.passPadding()
	}
	if err := m.one.Reset(m.file); err != nil {
		return err
	}
	m.one.Multistream(false)
	return nil
}

// passPadding reads zeros up to the end, and returns io.EOF there.
func (m *members) passPadding() error {
	for {
		one, err := m.file.ReadByte()
		if err != nil {
			return err
		}
		if one != 0 {
			return gzip.ErrHeader
		}
	}
}
