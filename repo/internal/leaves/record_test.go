package leaves

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVarint(t *testing.T) {
	for _, c := range []struct {
		bytes  string
		value  uint64
		length int
	}{
		{"", 0, 0}, {"\x80", 0, 0}, {"\x7f", 127, 1},
		{"\x81\x00", 128, 2}, {"\x81\x00\xff", 128, 2},
		{"\xff\xff\xff\xff\xff\xff\xff\x7f", 1<<56 - 1, 8},
		{"\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff", math.MaxUint64, 9},
	} {
		if value, length := varint([]byte(c.bytes)); value != c.value || length != c.length {
			t.Errorf("%x: got %d, %d bytes, want %d, %d", c.bytes, value, length, c.value, c.length)
		}
	}
}

func TestRecord(t *testing.T) {
	payload := "\x0d\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0e\x0f" +
		"\xff" + "\xff\xfe" + "\x00\x00\x03" +
		"\x80\x00\x00\x00" + "\x00\x00\x00\x00\x00\x05" + "\xff\xff\xff\xff\xff\xff\xff\xfa" +
		"\x3f\xf8\x00\x00\x00\x00\x00\x00" + "b" + "t"
	want := []Value{
		{}, {Kind: Integer, Int: -1}, {Kind: Integer, Int: -2}, {Kind: Integer, Int: 3},
		{Kind: Integer, Int: math.MinInt32}, {Kind: Integer, Int: 5}, {Kind: Integer, Int: -6},
		{Kind: Real, Real: 1.5}, {Kind: Integer}, {Kind: Integer, Int: 1},
		{Kind: Blob, Bytes: []byte("b")}, {Kind: Text, Bytes: []byte("t")},
	}
	var r record
	if !r.parse([]byte(payload), len(payload)) {
		t.Fatal("it is no record")
	}
	if diff := cmp.Diff(want, r.values([]byte(payload))); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	for _, length := range []int{len(payload) - 1, len(payload) + 1} {
		if r.parse([]byte(payload), length) {
			t.Errorf("it is a record of %d bytes, too", length)
		}
	}
	for _, wrong := range []string{
		"", "\x80", "\x05", "\x02\x0a", "\x02\x0b", "\x02\x80", "\x02\x01",
		"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		if r.parse([]byte(wrong), len(wrong)) {
			t.Errorf("%x is a record", wrong)
		}
	}
}
