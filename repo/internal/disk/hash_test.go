package disk

import (
	"bytes"
	"errors"
	"testing"
)

type badSectors struct{ *bytes.Reader }

func (b badSectors) ReadAt(p []byte, at int64) (int, error) {
	if at == 1<<16 {
		return 0, errors.New("bad sectors")
	}
	return b.Reader.ReadAt(p, at)
}

// A damaged file on a disk with bad sectors is known again, and told from another one.
func TestHashAroundBadSectors(t *testing.T) {
	content := bytes.Repeat([]byte("x"), 200_000)
	hash := func(content []byte) string {
		var all bytes.Buffer
		if err := addContent(t.Context(), &all, badSectors{bytes.NewReader(content)},
			int64(len(content))); err != nil {
			t.Fatal(err)
		}
		return all.String()
	}
	first := hash(content)
	if len(first) != 200_000-1<<16 || hash(content) != first {
		t.Errorf("%d bytes are read", len(first))
	}
	content[199_999] = 'y'
	if hash(content) == first {
		t.Error("another file has the same hash")
	}
}
