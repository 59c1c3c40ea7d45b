package disk

import "testing"

// The byte of a name is part of the format: other programs may lock it, too.
func TestNameByte(t *testing.T) {
	const inFormat = 0x503eb0bf
	if got := nameByte(2049, 131074, smallLetters("WAN.db")); got != inFormat {
		t.Errorf("byte %#x, want %#x as in docs/FORMAT.md", got, inFormat)
	}
}
