package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// checkedOutput is standard output. It remembers the first error, since not all that writes to it
// looks for one: what prints help does not.
type checkedOutput struct {
	io.Writer

	err error
}

// Write writes on.
func (o *checkedOutput) Write(text []byte) (int, error) {
	n, err := o.Writer.Write(text)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// terminalOf returns the terminal that w writes to, nil if it is none.
func terminalOf(w io.Writer) *os.File {
	if checked, ok := w.(*checkedOutput); ok {
		w = checked.Writer
	}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return file
	}
	return nil
}

// isTerminal reports whether a person is looking at what is written to w.
func isTerminal(w io.Writer) bool { return terminalOf(w) != nil }
