package sqlitefile

import "encoding/binary"

// What the header of a database has where (section 1.3).
const (
	HeaderBytes         = 100
	PageSizeOffset      = 16
	WriteVersionOffset  = 18
	ReadVersionOffset   = 19
	ReservedOffset      = 20
	ChangesOffset       = 24
	PagesOffset         = 28
	FreeTrunkOffset     = 32
	FreePagesOffset     = 36
	SchemaFormatOffset  = 44
	LargestRootOffset   = 52
	TextEncodingOffset  = 56
	UserVersionOffset   = 60
	ApplicationIDOffset = 68
	ValidForOffset      = 92
)

// NewestSchemaFormat is the largest number of a schema format (section 1.3.9).
const NewestSchemaFormat = 4

// The sizes that pages can have: powers of two.
const (
	SmallestPage = 512
	LargestPage  = 65536
)

// IsPageSize says that a database can have pages of so many bytes.
func IsPageSize(bytes int) bool {
	return bytes >= SmallestPage && bytes <= LargestPage && bytes&(bytes-1) == 0
}

// PageSize returns how large the pages of a database are by its header, or false where that says no
// size that there is.
func PageSize(header []byte) (bytes int, ok bool) {
	bytes = int(binary.BigEndian.Uint16(header[PageSizeOffset:]))
	if bytes == 1 { // 65536 does not fit
		bytes = LargestPage
	}
	return bytes, IsPageSize(bytes)
}
