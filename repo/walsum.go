package repo

import "encoding/binary"

// runningSum is the checksum of a WAL, which goes on from frame to frame.
type runningSum struct {
	s1, s2    uint32
	bigEndian bool // the words that are summed up
}

// add goes on over a multiple of 8 bytes. It has a loop for each order, since every page that is
// read of a WAL passes here.
func (s *runningSum) add(p []byte) {
	s1, s2 := s.s1, s.s2
	if s.bigEndian {
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
	s.s1, s.s2 = s1, s2
}

// isAt says that p begins with this checksum, which a WAL has in big-endian words whatever it is
// made of.
func (s *runningSum) isAt(p []byte) bool {
	return binary.BigEndian.Uint32(p) == s.s1 && binary.BigEndian.Uint32(p[4:]) == s.s2
}
