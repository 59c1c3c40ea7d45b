package importer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// bads collects what OnBad is told.
type bads []string

func (b *bads) add(bad *importer.LineError) {
	_, place, _ := strings.Cut(bad.Error(), ".csv:")
	*b = append(*b, place)
}

func TestBadLines(t *testing.T) {
	const at = "1772366400000" // now
	tests := []struct {
		name, line string
		want       string
		is         error
	}{
		{name: "too few fields", line: at + ",wan0,wanctl_rtt_ms,{}",
			want: `fields: found 4, want 5 (timestamp_ms,wan,metric,labels_json,value)`},
		{name: "too many fields", line: at + ",wan0,wanctl_rtt_ms,{},1,2",
			want: `fields: found 6, want 5`},
		{name: "an unquoted comma", line: at + ",wan0,wanctl_rtt_ms,{a,b},1",
			want: `fields: found 6, want 5`},
		{name: "spaces", line: "  ", want: `fields: found 1, want 5`},
		{name: "zeros of a power cut", line: strings.Repeat("\x00", 100),
			want: `fields: found 1, want 5`},
		{name: "no timestamp", line: ",wan0,wanctl_rtt_ms,{},1",
			want: `timestamp "": not a whole number`},
		{name: "a fraction", line: "1772366400.5,wan0,wanctl_rtt_ms,{},1",
			want: `timestamp "1772366400.5": not a whole number`},
		{name: "a date", line: "2026-03-01,wan0,wanctl_rtt_ms,{},1",
			want: `timestamp "2026-03-01": not a whole number`},
		{name: "more than an int64", line: "99999999999999999999,wan0,wanctl_rtt_ms,{},1",
			want: `timestamp "99999999999999999999": out of range, want a time from 1970 to 9999`},
		{name: "nanoseconds", line: "1772366400000000000,wan0,wanctl_rtt_ms,{},1",
			want: `out of range, want a time from 1970 to 9999`},
		{name: "before 1970", line: "-1,wan0,wanctl_rtt_ms,{},1", want: `timestamp "-1": out of range`},
		{name: "no value", line: at + ",wan0,wanctl_rtt_ms,{},", want: `value "": not a decimal number`},
		{name: "a word", line: at + ",wan0,wanctl_rtt_ms,{},GREEN",
			want: `value "GREEN": not a decimal number`},
		{name: "a space", line: at + ",wan0,wanctl_rtt_ms,{}, 1",
			want: `value " 1": not a decimal number`},
		{name: "hexadecimal", line: at + ",wan0,wanctl_rtt_ms,{},0x1p4",
			want: `value "0x1p4": not a decimal number`},
		{name: "NaN", line: at + ",wan0,wanctl_rtt_ms,{},NaN", want: `value "NaN": not a finite number`},
		{name: "infinity", line: at + ",wan0,wanctl_rtt_ms,{},-Inf",
			want: `value "-Inf": not a finite number`},
		{name: "too large", line: at + ",wan0,wanctl_rtt_ms,{},1e400",
			want: `value "1e400": out of range`},
		{name: "beyond what is stored", line: at + ",wan0,wanctl_rtt_ms,{},1e300",
			want: `value 1e+300: want a number from -1e+290 to 1e+290`},
		{name: "below what is stored", line: at + ",wan0,wanctl_rtt_ms,{},-1.1e290",
			want: `value -1.1e+290: want a number from -1e+290 to 1e+290`},
		{name: "no labels", line: at + ",wan0,wanctl_rtt_ms,,1",
			want: `labels_json "": not a JSON object of strings`},
		{name: "labels that are null", line: at + ",wan0,wanctl_rtt_ms,null,1",
			want: `labels_json "null": not a JSON object`},
		{name: "labels in a list", line: at + ",wan0,wanctl_rtt_ms,[],1",
			want: `labels_json "[]": not a JSON object`},
		{name: "labels of Python", line: at + ",wan0,wanctl_rtt_ms,{'a': 'b'},1",
			want: `labels_json "{'a': 'b'}": not a JSON object`},
		{name: "half of the labels", line: at + `,wan0,wanctl_rtt_ms,"{""a"":""b""",1`,
			want: `not a JSON object`},
		{name: "more than labels", line: at + `,wan0,wanctl_rtt_ms,{} {},1`, want: `not a JSON object`},
		{name: "a label that is a number", line: at + `,wan0,wanctl_rtt_ms,"{""a"":1}",1`,
			want: `label "a" is not a string`},
		{name: "a label that is null", line: at + `,wan0,wanctl_rtt_ms,"{""a"":null}",1`,
			want: `label "a" is not a string`},
		{name: "a label that is an object", line: at + `,wan0,wanctl_rtt_ms,"{""a"":{}}",1`,
			want: `label "a" is not a string`},
		{name: "a label twice", line: at + `,wan0,wanctl_rtt_ms,"{""a"":""b"",""a"":""c""}",1`,
			want: `label "a" is there twice`},
		{name: "labels in Latin-1", line: at + ",wan0,wanctl_rtt_ms,\"{\"\"a\"\":\"\"\xfc\"\"}\",1",
			want: `not valid UTF-8`},
		{name: "the name of a label", line: at + `,wan0,wanctl_rtt_ms,"{""0"":""b""}",1`,
			want: `bad name: label name "0" must begin with a letter or _`, is: service.ErrName},
		{name: "the name of a metric", line: at + ",wan0,wanctl rtt,{},1",
			want: `bad name: metric name "wanctl rtt" may have`, is: service.ErrName},
		{name: "no metric", line: at + ",wan0,,{},1", want: `bad name: the metric name is empty`,
			is: service.ErrName},
		{name: "no WAN", line: at + ",,wanctl_rtt_ms,{},1",
			want: `bad name: the name of the WAN is empty`, is: service.ErrName},
		{name: "a WAN in Latin-1", line: at + ",\xfc,wanctl_rtt_ms,{},1", want: `not valid UTF-8`,
			is: service.ErrName},
		{name: "a quote within", line: at + `,wan0,wanctl_rtt_ms,{"a":"b"},1`,
			want: `bare " in non-quoted-field (column 35)`},
		{name: "text after a quote", line: at + `,"wan"0,wanctl_rtt_ms,{},1`,
			want: `extraneous or missing " in quoted-field`},
		{name: "a missing quote", line: at + `,"wan0,wanctl_rtt_ms,{},1`,
			want: `extraneous or missing " in quoted-field`},
		{name: "a missing quote in a long file", line: at + `,"wan0,wanctl_rtt_ms,{},1` +
			strings.Repeat("\n", importer.MaxRecord),
			want: `a quoted field does not end within 65536 bytes, a " is missing`},
		{name: "an endless line", line: strings.Repeat("x", 3*importer.MaxRecord),
			want: `longer than 65536 bytes`},
	}
	all := newStore(t)
	for n, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := all.in(t)
			path := write(t, "a.csv", header+row(2*n)+test.line+"\n"+row(2*n+1))
			var told bads
			result, err := s.add(path, importer.Options{OnBad: told.add})
			var bad *importer.LineError
			if !errors.As(err, &bad) || bad.File != path || bad.Line != 3 ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want line 3 with %q", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%q is not %q", err, test.is)
			}
			if len(told) != 1 || result != (importer.Result{Read: 1, Stored: 1, Bad: 1}) {
				t.Errorf("got %+v and was told %q, want the line before and one bad line", result, told)
			}
			again, err := s.add(path, importer.Options{})
			if !errors.As(err, &bad) || bad.Line != 3 || again != (importer.Result{Known: 1, Bad: 1}) {
				t.Errorf("again: got %+v, %v, want the same bad line", again, err)
			}
			told = nil
			s.want(path, importer.Options{SkipBad: true, OnBad: told.add},
				importer.Result{Read: 1, Stored: 1, Bad: 1, Known: 1})
			if len(told) != 1 || !strings.Contains(told[0], test.want) {
				t.Errorf("was told %q, want %q once", told, test.want)
			}
			s.wantCount(int64(2*n + 2))
		})
	}
}

func TestHeader(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"nothing", "", `:1: bad header: found nothing, want ` +
			`"timestamp_ms,wan,metric,labels_json,value", or timestamp_us for microseconds`},
		{"empty lines", "\n\r\n", `found nothing, want`},
		{"rows only", rows(0, 2),
			`:1: bad header: found "1772364600000,wan0,wanctl_rtt_ms,{},0.5", want "timestamp_ms,`},
		{"other columns", "time,value\n" + rows(0, 2), `found "time,value", want`},
		{"other order", "wan,timestamp_ms,metric,labels_json,value\n",
			`found "wan,timestamp_ms,metric,labels_json,value", want`},
		{"another unit", "timestamp_s,wan,metric,labels_json,value\n",
			`found "timestamp_s,wan,metric,labels_json,value", want`},
		{"later", "\n\ntime,value\n", `:3: bad header: found "time,value"`},
		{"a bad quote", "a\"b\n", `found "a\"b\n", want`},
		{"no text", strings.Repeat("\x00", 2*importer.MaxRecord), `found "\x00\x00`},
	}
	all := newStore(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := all.in(t)
			path := write(t, "a.csv", test.text)
			_, err := s.add(path, importer.Options{SkipBad: true, OnBad: func(bad *importer.LineError) {
				t.Errorf("was told of %v", bad)
			}})
			if !errors.Is(err, importer.ErrHeader) || !strings.HasPrefix(err.Error(), path+":") ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %q", err, test.want)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestFormats(t *testing.T) {
	const ms = "1772366000000"
	tests := []struct {
		name, text string
		want       int64
	}{
		{"plain", header + rows(0, 5), 5},
		{"without the last line end", strings.TrimSuffix(header+rows(0, 5), "\n"), 5},
		{"carriage returns", strings.ReplaceAll(header+rows(0, 5), "\n", "\r\n"), 5},
		{"carriage return at the end", strings.TrimSuffix(header+rows(0, 5), "\n") + "\r", 5},
		{"byte order mark", "\xef\xbb\xbf" + header + rows(0, 5), 5},
		{"empty lines", "\n\r\n" + header + "\n\n" + rows(0, 3) + "\r\n\n" + rows(3, 5) + "\n\n", 5},
		{"quoted header", strings.ReplaceAll("\""+strings.TrimSpace(header)+"\"\n", ",", `","`) +
			rows(0, 5), 5},
		{"header only", header, 0},
		{"header without line end", strings.TrimSpace(header), 0},
		{"gzip", compressed(t, header+rows(0, 5)), 5},
		{"gzip in parts", compressed(t, header+rows(0, 3)) + compressed(t, rows(3, 5)), 5},
		{"everything quoted", header + `"` + ms + `","wan0","wanctl_rtt_ms","{}","1"` + "\n", 1},
		{"a line end within quotes", header + ms +
			",wan0,wanctl_rtt_ms,\"{\n\"\"a\"\":\r\n\n\"\"b\"\"}\",1\n" + row(1), 2},
		{"a WAN with a comma", header + ms + `,"wan ""0"", DSL",wanctl_rtt_ms,{},1` + "\n", 1},
		{"numbers", header + ms + ",wan0,a,{},1e-05\n" + ms + ",wan0,b,{},-0.25\n" + ms +
			",wan0,c,{},+.5E3\n", 3},
		{"a long record", header + ms + `,` + `"w",wanctl_rtt_ms,"{` +
			strings.Repeat(" ", importer.MaxRecord-100) + "}\",1\n" + row(1), 2},
		{"many lines in a record", header + ms + ",wan0,wanctl_rtt_ms,\"" +
			strings.Repeat("\n", importer.MaxRecord-100) + "{}\",1\n" + row(1), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			path := write(t, "a.csv", test.text)
			result, err := s.add(path, importer.Options{})
			if want := (importer.Result{Read: test.want, Stored: test.want}); err != nil || result != want {
				t.Fatalf("got %+v, %v, want %+v", result, err, want)
			}
			again, err := s.add(path, importer.Options{})
			if err != nil || again.Read != 0 || again.Known < test.want {
				t.Errorf("again: got %+v, %v, want nothing new", again, err)
			}
			s.wantCount(test.want)
		})
	}
}

func TestLineNumbers(t *testing.T) {
	s := newStore(t)
	text := "\xef\xbb\xbf\n" + header + // 1, 2
		row(0) + // 3
		"1772366000000,w,m,\"{\n}\",x\n" + // 4, 5
		"\r\n" + // 6
		"bad\r\n" + // 7
		"1772366000000,\"w,m,{},1\n" + // 8, which takes the next one with it
		"1772366000001,\"w\",m,{},1\n" + // 9
		strings.Repeat("x", 2*importer.MaxRecord) + "\n" + // 10
		"1772366000001,w,m,\"{\n\"\"a\"\":\"\"b\"\"}\",2\n" + // 11, 12
		"bad" // 13
	path := write(t, "a.csv", text)
	var told bads
	options := importer.Options{SkipBad: true, OnBad: told.add}.WithBatch(1)
	s.want(path, options, importer.Result{Read: 3, Stored: 3, Bad: 5})
	want := bads{
		`4: value "x": not a decimal number`,
		`7: fields: found 1, want 5 (timestamp_ms,wan,metric,labels_json,value)`,
		`8: extraneous or missing " in quoted-field (line 9, column 15)`,
		`10: longer than 65536 bytes`,
		`13: fields: found 1, want 5 (timestamp_ms,wan,metric,labels_json,value)`,
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("bad lines (-want +got):\n%s", diff)
	}

	// The last line was not complete: it is looked at again.
	told = nil
	grow(t, path, " line\n"+row(1)+"bad\n")
	s.want(path, options, importer.Result{Read: 1, Stored: 1, Bad: 2, Known: 10})
	if diff := cmp.Diff(bads{want[4], "15" + want[4][2:]}, told); diff != "" {
		t.Errorf("bad lines after the growth (-want +got):\n%s", diff)
	}
}

func TestMicroseconds(t *testing.T) {
	s := newStore(t)
	text := strings.Replace(header, "_ms", "_us", 1) +
		"1772366000000001,wan0,wanctl_rtt_ms,{},1\n1772366000000002,wan0,wanctl_rtt_ms,{},2\n"
	s.want(write(t, "a.csv", text), importer.Options{}, importer.Result{Read: 2, Stored: 2})
	got := s.summaries()
	if want := time.UnixMicro(1772366000000002); len(got) != 1 || !got[0].LastTime.Equal(want) ||
		got[0].Last != 2 {
		t.Errorf("got %+v, want 2 at %s", got, want)
	}
}
