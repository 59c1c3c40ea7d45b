package service_test

import (
	"strings"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// Whatever the text, it is a size that is printed as one which is read alike, in any letters; or it
// is refused and leaves the size as it was.
//
//ci:fuzz 50000
func FuzzBytes(f *testing.F) {
	for _, text := range []string{
		"0", "1", "64MiB", "64 mib", "1GB", "8388607TiB", "8388608TiB", "9223372036854775807",
		"9223372036854775808", "-1", "+1", "",
		"B", "MiB", "1.5GiB", "1_000", "1KiBKiB", "0x10", "1B", "1e3", " 1", "1\x00", "0TB",
		"9223372036854775807B", "9007199254740993KiB",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const before = 7
		size := service.Bytes(before)
		if err := size.UnmarshalText([]byte(text)); err != nil {
			if size != before {
				t.Errorf("%q is refused and makes the size %d", text, size)
			}
			return
		}
		if size < 0 {
			t.Errorf("%q is %d bytes", text, size)
		}
		for _, spelled := range []string{size.String(), strings.ToLower(size.String()),
			strings.ToUpper(text)} {
			var again service.Bytes
			if err := again.UnmarshalText([]byte(spelled)); err != nil || again != size {
				t.Errorf("%q is %d bytes and %q is %d, %v", text, size, spelled, again, err)
			}
		}
	})
}
