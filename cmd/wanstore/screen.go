package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// screen is what something is drawn on, measured in cells of a terminal.
type screen struct {
	width, height int
	colours       bool
}

// The sizes of a screen that may be drawn on: below it there is no room for a plot, above it nobody
// has that many cells.
const (
	narrowest, widest = 20, 500
	lowest, highest   = 10, 500
)

// screenOf returns the terminal that out is. Where it is none, the environment may say how large
// the text will be shown.
func screenOf(out io.Writer) screen {
	s := screen{width: sizeFromEnv("COLUMNS", 80), height: sizeFromEnv("LINES", 24)}
	if file := terminalOf(out); file != nil {
		if width, height, err := term.GetSize(int(file.Fd())); err == nil && width > 0 && height > 0 {
			s.width, s.height = width, height
		}
		s.colours = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	s.width = min(max(s.width, narrowest), widest)
	s.height = min(max(s.height, lowest), highest)
	return s
}

func sizeFromEnv(name string, otherwise int) int {
	if size, err := strconv.Atoi(os.Getenv(name)); err == nil && size > 0 {
		return size
	}
	return otherwise
}
