package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawText draws text of which anything may be CSV.
func drawText(t *rapid.T) string {
	pieces := rapid.SliceOf(rapid.SampledFrom([]string{
		"a", ",", `"`, `""`, "\n", "\r\n", "\r", "1,2\n", `"x",y` + "\n", `"x` + "\n" + `y",z` + "\r\n",
		"\x00", "\xff",
		strings.Repeat("l", MaxRecord-2), strings.Repeat("\n", 300), strings.Repeat("v,", 3000),
	}))
	return strings.Join(pieces.Draw(t, "text"), "")
}

// Whatever the data is, every byte is passed once, and the place says what was passed.
func TestPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		var data io.Reader = strings.NewReader(text)
		if rapid.Bool().Draw(t, "in halves") {
			data = iotest.HalfReader(data)
		}
		r := newRecords(data, newPlace())
		for {
			one, err := r.next()
			passed := text[:r.place.bytes]
			if err != nil {
				if rest := text[len(passed):]; !errors.Is(err, io.EOF) || rest != "" && rest != "\r" {
					t.Fatalf("ended with %v before %q", err, rest)
				}
				break
			}
			if want := int64(1 + strings.Count(passed, "\n")); one.line != want && !r.place.open {
				t.Fatalf("line %d after %q, want %d", one.line, passed, want)
			}
			if one.err == nil && !strings.HasSuffix(passed, "\n") && passed != "" {
				t.Fatalf("a record %q begins within a line", one.fields)
			}
			if hash := sha256.Sum256([]byte(passed)); !bytes.Equal(r.place.mark().Hash, hash[:]) {
				t.Fatalf("the hash is not that of %q", passed)
			}
			r.pass(one)
		}
	})
}

// Where encoding/csv finds nothing wrong, the records are those that it finds.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		reference := csv.NewReader(strings.NewReader(text))
		reference.FieldsPerRecord = -1
		want, err := reference.ReadAll()
		if err != nil {
			t.SkipNow()
		}
		var got [][]string
		r := newRecords(strings.NewReader(text), newPlace())
		for {
			one, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.Is(one.err, errTooLong) || errors.Is(one.err, errEndless) {
				t.SkipNow() // encoding/csv has no bounds
			}
			if err != nil || one.err != nil {
				t.Fatalf("after %d records: %v, %v", len(got), err, one.err)
			}
			got = append(got, append([]string(nil), one.fields...))
			r.pass(one)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("records (-want +got):\n%s", diff)
		}
	})
}

func TestReadFailure(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{"", "a,b\n", "a,b", "a,\"b\n", "a,\"b"} {
		r := newRecords(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), newPlace())
		var err error
		for range 2 {
			var one record
			if one, err = r.next(); err == nil {
				r.pass(one)
			}
		}
		if !errors.Is(err, broken) {
			t.Errorf("%q and a failure: got %v, want the failure", text, err)
		}
		if want := strings.Count(text, "a,b\n") * 4; int(r.place.bytes) != want {
			t.Errorf("%q and a failure: %d bytes passed, want %d: what may not be whole is no record", text,
				r.place.bytes, want)
		}
	}
}
