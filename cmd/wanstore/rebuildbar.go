package main

import (
	"io"
	"path/filepath"

	"github.com/schollz/progressbar/v3"
)

// rebuildBar shows how far a file of an earlier version has been brought up to date, if a person is
// looking.
type rebuildBar struct {
	out  io.Writer
	file string
	bar  *progressbar.ProgressBar // nil before the first news
}

// progress is what the writer tells its progress to, nil if nobody is looking: then it goes to the
// log.
func (b *rebuildBar) progress() func(done, total int64) {
	if !isTerminal(b.out) {
		return nil
	}
	return b.show
}

func (b *rebuildBar) show(done, total int64) {
	if b.bar == nil {
		b.bar = newBar(b.out, total, "bringing "+printable(filepath.Base(b.file))+" up to date")
	}
	// What can't be shown on a terminal can't be reported there either.
	_ = b.bar.Set64(done)
}

// clear makes room for a line of text.
func (b *rebuildBar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
