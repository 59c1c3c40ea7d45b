package main

import (
	"context"
	"errors"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// The time between two imports of --follow: the longest, and the shortest, where wanctl keeps raw
// rows for less than three times as long.
const (
	longestPause  = 5 * time.Minute
	shortestPause = 10 * time.Second
)

// goOn imports the files again and again, until ctx is done. Only what would come up each time
// ends it: what a file has, and whose file it is. All else may be over the next time.
func (r *importRun) goOn(
	ctx context.Context, after func(time.Duration) <-chan time.Time,
) error {
	r.bar = &importBar{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-after(r.pause()):
		}
		for _, file := range r.files {
			if err := r.again(ctx, file); err != nil || ctx.Err() != nil {
				return err
			}
		}
	}
}

// pause is how long the next import may wait.
func (r *importRun) pause() time.Duration {
	pause := longestPause
	for _, file := range r.files {
		if kept := file.result.Raw.Kept; kept > 0 {
			pause = min(pause, kept/3)
		}
	}
	return max(pause, shortestPause)
}

// again imports what is new in a file. The error is what ends it all.
func (r *importRun) again(ctx context.Context, file *importFile) error {
	log := newLogger(r.cmd).With("file", file.name)
	result, err := r.take(ctx, file)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil //nolint:nilerr // it was told to end
	case comesUpAgain(err):
		return r.explain(err)
	default:
		if file.failed != err.Error() {
			log.Warn("the import failed, and is tried again", "err", err)
		}
		file.failed = err.Error()
		return nil
	}
	if file.failed != "" {
		log.Info("imported again")
		file.failed = ""
	}
	r.warnOfGap(file, result)
	return nil
}

// comesUpAgain says that an import that failed so would fail so each time.
func comesUpAgain(err error) bool {
	_, bad := errors.AsType[*importer.LineError](err)
	return bad || errors.Is(err, importer.ErrUncertain) || errors.Is(err, importer.ErrNotWanctl) ||
		errors.Is(err, service.ErrClosed)
}
