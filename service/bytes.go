package service

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Bytes is a size in bytes. As text it is a whole number with a unit, such as 64MiB, 64MB or 1GiB,
// or without one.
type Bytes int64

type byteUnit struct {
	name  string
	bytes int64
}

// printedUnits are the units in which a size is printed, the largest first.
var printedUnits = []byteUnit{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20},
	{"KiB", 1 << 10}}

// byteUnits are all units of a size, that of bytes last: every other one ends with it.
var byteUnits = slices.Concat(printedUnits,
	[]byteUnit{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}})

const bytesHelp = "a size such as 64MiB, 64MB, 1GiB, or a number of bytes"

var errBytes = errors.New("want " + bytesHelp)

// UnmarshalText reads a size. Units may be written in small letters: KiB are 1024 bytes, and KB
// 1000.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits, unit := string(text), int64(1)
	for _, u := range byteUnits {
		if at := len(digits) - len(u.name); at > 0 && strings.EqualFold(digits[at:], u.name) {
			digits, unit = strings.TrimSpace(digits[:at]), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(n) > math.MaxInt64/unit {
		return errBytes
	}
	*b = Bytes(int64(n) * unit)
	return nil
}

// String returns the size in the largest unit of which it is a whole number.
func (b Bytes) String() string {
	for _, unit := range printedUnits {
		if b != 0 && int64(b)%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", int64(b)/unit.bytes, unit.name)
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
