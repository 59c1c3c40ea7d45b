package sqlitefile

import "encoding/binary"

// Sum is the checksum of a WAL, which goes on from frame to frame
// (https://sqlite.org/fileformat.html#checksum_algorithm). SQLite's cksumvfs gives pages the same
// one, of little-endian words.
type Sum struct {
	S1, S2    uint32
	BigEndian bool // the words that are summed up
}

// Add goes on over a multiple of 8 bytes. It has a loop for each order, since every page that is
// read of a WAL passes here.
func (s *Sum) Add(p []byte) {
	s1, s2 := s.S1, s.S2
	if s.BigEndian {
		for ; len(p) >= 8; p = p[8:] {
			s1 += binary.BigEndian.Uint32(p) + s2
			s2 += binary.BigEndian.Uint32(p[4:]) + s1
		}
	} else {
		for ; len(p) >= 8; p = p[8:] {
			s1 += binary.LittleEndian.Uint32(p) + s2
			s2 += binary.LittleEndian.Uint32(p[4:]) + s1
		}
	}
	s.S1, s.S2 = s1, s2
}

// IsAt says that p begins with this checksum, which a WAL has in big-endian words whatever it is
// made of.
func (s *Sum) IsAt(p []byte) bool {
	return binary.BigEndian.Uint32(p) == s.S1 && binary.BigEndian.Uint32(p[4:]) == s.S2
}

// IsLittleEndianAt says that p begins with this checksum as a page has it.
func (s *Sum) IsLittleEndianAt(p []byte) bool {
	return binary.LittleEndian.Uint32(p) == s.S1 && binary.LittleEndian.Uint32(p[4:]) == s.S2
}
