package service

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a size. As text it is a whole number with a unit, such as 64MiB, 64MB or 1GiB, or of bytes without one.
type Bytes int64

// byteUnits are the units of a size, those of bytes last: every other one ends with it.
var byteUnits = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"B", 1},
}

var errBytes = errors.New("want a size such as 64MiB, 64MB, 1GiB, or a number of bytes")

// UnmarshalText reads a size. Units may be written in small letters: KiB are 1024 bytes, and KB 1000.
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
	for _, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		for _, u := range byteUnits {
			if u.name == unit && b != 0 && int64(b)%u.bytes == 0 {
				return fmt.Sprintf("%d%s", int64(b)/u.bytes, unit)
			}
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
