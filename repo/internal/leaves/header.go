package leaves

import (
	"bytes"
	"encoding/binary"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// header is that of the database (section 1.3), nil where it is damaged.
type header []byte

const (
	applicationID = 0x57414e53
	oldVersions   = 2 // this version and those before it had no check values
)

// parseHeader takes the beginning of page 1. What has to be the same in each database says whether
// it is one.
func parseHeader(p []byte) header {
	const (
		magic     = "SQLite format 3\x00"
		constants = "\x40\x20\x20" // the fractions of payload
		smallest  = 480            // what is usable of a page (section 1.3.4)
	)
	if len(p) < sqlitefile.HeaderBytes || !bytes.HasPrefix(p, []byte(magic)) {
		return nil
	}
	size, ok := sqlitefile.PageSize(p)
	if !ok || size-int(p[sqlitefile.ReservedOffset]) < smallest ||
		!bytes.HasPrefix(p[sqlitefile.ReservedOffset+1:], []byte(constants)) {
		return nil
	}
	return header(p[:sqlitefile.HeaderBytes])
}

func (h header) geometry() geometry {
	size, _ := sqlitefile.PageSize(h)
	return geometry{size, int(h[sqlitefile.ReservedOffset])}
}

func (h header) number(at int) int { return u32(h[at:]) }

// pages is how many the header says that there are, 0 where another program may have left that
// behind (section 1.3.7).
func (h header) pages() int {
	if h == nil || h.number(sqlitefile.ChangesOffset) != h.number(sqlitefile.ValidForOffset) {
		return 0
	}
	return h.number(sqlitefile.PagesOffset)
}

func (h header) isHistory() bool {
	return h != nil && binary.BigEndian.Uint32(h[sqlitefile.ApplicationIDOffset:]) == applicationID
}

func (h header) autoVacuum() bool { return h != nil && h.number(sqlitefile.LargestRootOffset) != 0 }

func (h header) isOld() bool {
	version := h.number(sqlitefile.UserVersionOffset)
	return h.isHistory() && version > 0 && version <= oldVersions
}
