package service

import (
	"cmp"
	"log/slog"
	"sync"
	"time"
)

// Options is what a program gives a writer beside the configuration. Every field may be left out.
type Options struct {
	// Logger gets what happens without anybody asking: a full queue, a failed commit, a changed
	// policy. Nil is slog.Default(); slog.New(slog.DiscardHandler) keeps it quiet.
	Logger *slog.Logger
	// Metrics are those that the program adds to the ones of the function Metrics, or describes in
	// its own words. The file keeps the descriptions until a program gives others.
	Metrics []Metric
	// Watchdog is called between two steps of maintenance by the goroutine of the writer. It must
	// not block.
	Watchdog func()
	// Now is the clock that ages are counted from, time.Now by default.
	Now func() time.Time
	// TrustClock vouches for the clock. Otherwise one that jumps ahead by more than a minute deletes
	// nothing more than before until it has gone on for as long as it has jumped, for six hours at
	// most.
	TrustClock bool
	// Progress gets how much of a file of an earlier version has been brought up to date. The
	// goroutine that opens the writer calls it. By default the log says that this has begun.
	Progress func(done, total int64)
	// NoMaintenance leaves out the passes that a writer makes by itself. Maintain and Close still
	// make theirs.
	NoMaintenance bool
}

// progress is what is told how far the file at path has been brought up to date.
func (o Options) progress(path string) func(done, total int64) {
	if o.Progress != nil {
		return o.Progress
	}
	var once sync.Once
	return func(int64, int64) {
		once.Do(func() {
			o.Logger.Info("the file is of an earlier version and is being brought up to date",
				"db", path)
		})
	}
}

func (o Options) withDefaults() Options {
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Watchdog == nil {
		o.Watchdog = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
