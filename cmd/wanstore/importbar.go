package main

import (
	"io"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
)

// importBar shows how far the import of a file has come, if a person is looking.
type importBar struct {
	out  io.Writer // nil: nobody is
	rows bool      // rows are counted, and not bytes
	file string
	bar  *progressbar.ProgressBar // nil before the first news of the file
	open bool                     // how much there is was not known yet
}

func newImportBar(out io.Writer, format string) *importBar {
	if !isTerminal(out) {
		return &importBar{}
	}
	return &importBar{out: out, rows: format == formatWanctl}
}

// next begins with another file.
func (b *importBar) next(file string) {
	b.clear()
	b.file, b.bar = file, nil
}

// show is told how many bytes or rows are done of how many; of an unknown number if that is less
// than 0.
func (b *importBar) show(done, total int64) {
	if b.out == nil {
		return
	}
	if b.bar == nil || b.open != (total < 0) {
		b.clear()
		b.bar, b.open = b.begin(total), total < 0
		return // its clock starts now: what came before would make the rate absurd
	}
	// What can't be shown on a terminal can't be reported there either.
	_ = b.bar.Set64(done)
}

func (b *importBar) begin(total int64) *progressbar.ProgressBar {
	verb, name := "importing", printable(filepath.Base(b.file))
	if total < 0 {
		verb = "reading"
	}
	if b.file == standardInput {
		name = "standard input"
	}
	count := progressbar.OptionShowBytes(true)
	if b.rows {
		count = options(progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("rows"))
	}
	return newBar(b.out, total, verb+" "+name, count)
}

// newBar makes a bar that is gone when all is done.
func newBar(
	out io.Writer, total int64, description string, more ...progressbar.Option,
) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription(description),
		options(more...),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // else it spins on in a goroutine of its own
		progressbar.OptionUseANSICodes(true),
	)
}

// options makes one of several.
func options(list ...progressbar.Option) progressbar.Option {
	return func(bar *progressbar.ProgressBar) {
		for _, option := range list {
			option(bar)
		}
	}
}

// clear makes room for a line of text; the bar comes back with the next news.
func (b *importBar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
