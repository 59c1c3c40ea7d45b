package importer_test

import (
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/importer"
)

// Zeros after the last member are nothing; anything else there is no gzip.
func TestPaddedGzip(t *testing.T) {
	whole := compressed(t, header+rows(0, 3))
	two := whole + compressed(t, rows(3, 6))
	for name, data := range map[string]struct {
		text string
		rows int64
		want error
	}{
		"one zero":               {whole + "\x00", 3, nil},
		"a block":                {whole + strings.Repeat("\x00", 512), 3, nil},
		"many blocks":            {whole + strings.Repeat("\x00", 300_000), 3, nil},
		"after two members":      {two + strings.Repeat("\x00", 1000), 6, nil},
		"an empty member":        {whole + compressed(t, "") + "\x00\x00", 3, nil},
		"something after it":     {whole + "\x00\x00x", 3, gzip.ErrHeader},
		"a member after zeros":   {whole + "\x00\x00" + compressed(t, rows(3, 6)), 3, gzip.ErrHeader},
		"no zeros but something": {whole + strings.Repeat("x", 20), 3, gzip.ErrHeader},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			path := write(t, "a.csv.gz", data.text)
			for again := range 2 {
				result, err := s.add(path, importer.Options{})
				if !errors.Is(err, data.want) {
					t.Errorf("got error %v, want %v", err, data.want)
				}
				want := importer.Result{Read: data.rows, Stored: data.rows}
				if again == 1 {
					want = importer.Result{Known: data.rows}
				}
				if result != want {
					t.Errorf("got %+v, want %+v", result, want)
				}
			}
		})
	}
	t.Run("standard input", func(t *testing.T) {
		s := newStore(t)
		input(t, whole+"\x00\x00\x00")
		s.want("-", importer.Options{}, importer.Result{Read: 3, Stored: 3})
	})
}

func TestTruncatedGzip(t *testing.T) {
	s := newStore(t)
	whole := compressed(t, header+rows(0, 2000))
	path := write(t, "a.csv.gz", whole[:len(whole)/2])
	options := importer.Options{}.WithBatch(100)
	first, err := s.add(path, options)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), path) ||
		first.Stored == 0 {
		t.Errorf("got %+v, %v, want what is there and an unexpected end of %s", first, err, path)
	}
	// Longer data that is known as well does not keep the beginning from being found.
	s.want(write(t, "b.csv", header+rows(5000, 9000)), options,
		importer.Result{Read: 4000, Stored: 4000})
	again, err := s.add(path, options)
	if !errors.Is(err, io.ErrUnexpectedEOF) || again != (importer.Result{Known: first.Stored}) {
		t.Errorf("again: got %+v, %v, want nothing new", again, err)
	}
	grow(t, path, whole[len(whole)/2:])
	s.want(path, options,
		importer.Result{Read: 2000 - first.Stored, Stored: 2000 - first.Stored, Known: first.Stored})
	s.wantCount(6000)
}
