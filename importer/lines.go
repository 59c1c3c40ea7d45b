package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// MaxRecord is the most bytes of a record that CSV reads: a bound for what a file that is no CSV,
// or lacks a quote, can make of memory.
const MaxRecord = 64 << 10

// records reads CSV records and knows exactly which bytes each is made of. The record that next has
// returned stays in the buffer of in until it is passed, so that the place is before it as long as
// nobody knows what to do about it.
type records struct {
	in *bufio.Reader // its buffer is as large as the largest record
	// what in has ended with: a file that grows while it is read ends where it did at first
	end   error
	csv   *csv.Reader // reads from the records itself, through Read
	place place

	// Of the record that csv is reading, from the beginning of the buffer:
	ahead int  // bytes of the lines that it has asked for
	given int  // bytes that it has got
	spent bool // it has asked for more than there is
}

// record is a record, or a line that is none.
type record struct {
	fields []string // good until the next record is read
	err    error    // what is wrong with it as CSV
	line   int64
	size   int  // in bytes
	long   bool // the line does not fit into the buffer, and size is only a part
	atEnd  bool // the data has ended before it has: it may be still being written
}

// newRecords reads records from data, which begins at the given place.
func newRecords(data io.Reader, at place) *records {
	r := &records{in: bufio.NewReaderSize(data, MaxRecord), place: at}
	r.resetCSV()
	return r
}

func (r *records) resetCSV() {
	r.csv = csv.NewReader(readerFunc(r.giveCSV))
	r.csv.FieldsPerRecord = -1 // counted where it can be said which are missing
	r.csv.ReuseRecord = true
}

// next returns the record at the place, past empty lines. The error is io.EOF at the end, or a
// failure to read.
func (r *records) next() (record, error) {
	for {
		size, err := r.lineEnd(0)
		long := errors.Is(err, errTooLong)
		if err != nil && !long {
			return record{}, err
		}
		text := r.peek(size)
		line := record{line: r.place.line(), size: size, long: long, atEnd: !long && text[size-1] != '\n'}
		switch {
		case string(text) == "\n", string(text) == "\r\n":
			r.pass(line)
		case string(text) == "\r" && line.atEnd:
			return record{}, io.EOF // half a line end
		case r.place.open:
			line.err = errIncomplete
			return line, nil
		case long:
			line.err = errTooLong
			return line, nil
		default:
			return r.parse(line)
		}
	}
}

// parse makes a record of the line at the place and, where a quoted field goes on in them, of the
// lines after it. If they are no record, the first line alone is a bad one: the one after it may be
// good.
func (r *records) parse(line record) (record, error) {
	r.ahead, r.given, r.spent = line.size, 0, false
	fields, err := r.csv.Read()
	line.atEnd = r.spent
	if err == nil {
		line.fields, line.size = fields, r.ahead
		return line, nil
	}
	r.resetCSV() // it may hold on to something of the line
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &syntax):
		line.err = syntaxError(syntax, line.line)
	case errors.Is(err, errTooLong):
		line.err = errEndless
	default:
		return record{}, err
	}
	return line, nil
}

// syntaxError says where in the file the error is: csv knows nothing of the lines that it was not
// given.
func syntaxError(syntax *csv.ParseError, line int64) error {
	if syntax.Line == syntax.StartLine {
		return fmt.Errorf("%w (column %d)", syntax.Err, syntax.Column)
	}
	line += int64(syntax.Line - syntax.StartLine)
	return fmt.Errorf("%w (line %d, column %d)", syntax.Err, line, syntax.Column)
}

// giveCSV gives csv the lines of the record, never more than the one that it asks for.
func (r *records) giveCSV(p []byte) (int, error) {
	if r.given == r.ahead {
		end, err := r.lineEnd(r.ahead)
		if err != nil {
			r.spent = errors.Is(err, io.EOF)
			return 0, err
		}
		r.ahead = end
	}
	n := copy(p, r.peek(r.ahead)[r.given:])
	r.given += n
	return n, nil
}

// pass moves the place past the record that next has returned.
func (r *records) pass(one record) {
	r.discard(one.size)
	for one.long {
		size, err := r.lineEnd(0)
		one.long = errors.Is(err, errTooLong)
		if err == nil || one.long {
			r.discard(size)
		}
	}
}

// passMark moves the place past the byte order mark that some programs begin a file with. It is no
// part of the line.
func (r *records) passMark() {
	const mark = "\xef\xbb\xbf"
	if size, _ := r.lineEnd(0); size >= len(mark) && string(r.peek(len(mark))) == mark {
		r.discard(len(mark))
		r.place.lines, r.place.open = 0, false
	}
}

func (r *records) discard(size int) {
	r.place.move(r.peek(size))
	_, _ = r.in.Discard(size) // it has been peeked at
}

// peek returns bytes that are in the buffer.
func (r *records) peek(size int) []byte {
	text, _ := r.in.Peek(size)
	return text
}

// lineEnd returns where the line ends that begins at from, both counted from the place. The error
// is errTooLong if the buffer ends before it does, and what the data has ended with if there is no
// line.
func (r *records) lineEnd(from int) (int, error) {
	searched := from
	for {
		text := r.peek(r.in.Buffered())
		if i := bytes.IndexByte(text[searched:], '\n'); i >= 0 {
			return searched + i + 1, nil
		}
		searched = len(text)
		if r.end == nil && searched < r.in.Size() {
			_, r.end = r.in.Peek(searched + 1)
			continue
		}
		switch {
		case r.end == nil:
			return searched, errTooLong
		case errors.Is(r.end, io.EOF) && searched > from:
			return searched, nil
		default:
			return from, r.end
		}
	}
}
