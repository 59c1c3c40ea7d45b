package importer_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// mostOfAnError is the most bytes of an error that is made of what a file holds: people have to
// read it.
const mostOfAnError = 4 << 10

// Whatever the file holds, each of its lines is a sample or a bad line with a short reason; what is
// reported as stored is in the history; and the same file again adds nothing.
//
//ci:fuzz 150
func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		header + rows(0, 5),
		strings.Replace(header, "_ms", "_us", 1) +
			"1772368200000000,w,m,{},1\r\n1772368200000001,w,m,{},-0.0",
		"\xef\xbb\xbf" + header + rows(0, 2) + rows(0, 2),
		header + row(0) + "bad\n" + row(1) + "1,2,3,4,5\n" + row(2) + `1772368200000,w,m,"{`,
		header + "1772368200000,\"w\nw\",m,\"{\"\"a\"\":\"\"\x00\x7f\"\"}\",1e308\n\n\r\n" + row(3)[:20],
		header + `1772368200000,w,m,"{""a"":""1"",""a"":""2""}",1` + "\n" +
			"1772368200000,w,m,null,1\n1772368200000,w,m,{},NaN\n",
		header + "9223372036854775807,w,m,{},1\n-1,w,m,{},1\n0,w,m,{},1\n" +
			"1772370000001,w,1m,{},1\n1772368200000,,m,{},0x1p-2\n",
		header + "1772368200000,w,wanctl_state,{},1\n1772368200000,w,wanctl_state,{},2\n" +
			`1772368200000,w,m,"{""__a"":""""}",1`,
		header, header[:20], "", "\n", "\x1f\x8b", strings.Repeat("x", 300),
	} {
		f.Add([]byte(text))
		f.Add([]byte(compressed(f, text)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newStore(t)
		path := filepath.Join(t.TempDir(), "a.csv")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		bad := 0
		options := importer.Options{SkipBad: true, OnBad: func(line *importer.LineError) {
			bad++
			checkFuzzed(t, line)
		}}
		first, err := s.add(path, options)
		checkFuzzed(t, err)
		if first.Bad != int64(bad) {
			t.Errorf("%d bad lines are reported and %d counted", bad, first.Bad)
		}
		again, _ := s.add(path, options) // it fails as before
		if again.Stored > 0 {
			t.Errorf("the second import stores %d samples, after %+v, %v", again.Stored, first, err)
		}
		s.wantCount(first.Stored)
	})
}

// checkFuzzed looks at what an import says of a file that it cannot take.
func checkFuzzed(t *testing.T, err error) {
	t.Helper()
	checkShort(t, err)
	for _, ours := range []error{service.ErrDamaged, service.ErrBusy, service.ErrClosed,
		service.ErrSeries, service.ErrImportMoved} {
		if errors.Is(err, ours) {
			t.Errorf("a file that cannot be taken is blamed on the history: %v", err)
		}
	}
}

func checkShort(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if size := len(err.Error()); size > mostOfAnError {
		t.Errorf("an error has %d bytes: %.200s...", size, err)
	}
}
