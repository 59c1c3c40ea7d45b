package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// SalvageRun is what a history says of a damaged file whose rows it has taken or is taking.
type SalvageRun struct {
	Source string // the name of the damaged file, without its directory
	Report SalvageReport
	Ended  time.Time // when all rows had been taken, zero until then
}

func salvageRunOf(run repo.SalvageRun) SalvageRun {
	return SalvageRun{
		Source: run.Source, Report: salvageReport(run.Report), Ended: moment(run.Ended),
	}
}

// Salvage is what is intact of a damaged history, put together to be taken into another one.
type Salvage struct {
	prepared *repo.Salvage
}

// ErrSalvaging reports that another process is salvaging a damaged file of the history.
var ErrSalvaging = repo.ErrSalvaging

// ErrSalvageLost reports that what was put together of a damaged file cannot be read. It has to be
// prepared again.
var ErrSalvageLost = repo.ErrSalvageLost

// ErrSalvageWaits reports that the rows of a damaged file reach beyond what the history has rolled
// up.
var ErrSalvageWaits = errors.New("the rows are newer than what the history has rolled up")

// ErrSalvageExpired reports that all rows of a damaged file are older than what the history keeps.
var ErrSalvageExpired = errors.New("all rows are too old to be kept")

// PrepareSalvage reads what is intact in the file damaged, whatever SQLite makes of it, and puts it
// together in a folder beside the history at path. The file stays as it is. It blocks for a second
// or two for each 10 MB, and takes room for a copy. The caller closes the result.
//
// Errors: ErrSalvaging, ErrOtherName, ErrMissing, ErrNotDatabase, ErrDiskFull, those of the file
// system, and that of ctx.
func PrepareSalvage(ctx context.Context, damaged, path string) (*Salvage, error) {
	prepared, err := repo.PrepareSalvage(ctx, damaged, path)
	if err != nil {
		return nil, err
	}
	return &Salvage{prepared}, nil
}

// Report returns what was found, and what has been taken.
func (s *Salvage) Report() SalvageReport { return salvageReport(s.prepared.Report) }

// Configure gives a configuration the ages of the damaged file, where these can be read.
func (s *Salvage) Configure(config *Config) {
	ages := s.prepared.Ages()
	if ages == (repo.Ages{}) {
		return
	}
	config.KeepRaw, config.Keep1m, config.Keep5m = ages[repo.Raw], ages[repo.Minute],
		ages[repo.FiveMinutes]
	config.RetentionDays = Days(ages[repo.Hour] / day)
}

// InUse returns ErrBusy while somebody has the damaged file open, which Remove then refuses to
// remove.
//
// Errors: ErrBusy, and those of the file system.
func (s *Salvage) InUse() error { return s.prepared.InUse() }

// Remove removes the damaged file, with what lies beside it under its name, once all of it has been
// taken. A file that somebody has open, or has written to since it was read, stays. It blocks while
// it reads the file.
//
// Errors: ErrBusy, those of the file system, and that of ctx.
func (s *Salvage) Remove(ctx context.Context) error { return s.prepared.Remove(ctx) }

// Close removes what was put together, and leaves the damaged file.
func (s *Salvage) Close() error { return s.prepared.Close() }

// Salvage takes what was put together of a damaged file into the history, in steps between the
// commits, and blocks until that has ended. It goes on where an earlier run has ended, and takes
// nothing twice. Where this history took the place of the damaged file, the buckets of both are
// added up; of any other file the buckets that are here already are left out.
//
// Errors: ErrSalvageExpired, ErrSalvageWaits, ErrSalvageLost, ErrClosed, ErrBusy, ErrDiskFull,
// ErrDamaged, those of the file system, and that of ctx.
func (w *Writer) Salvage(ctx context.Context, s *Salvage) error {
	if w.closed.Load() {
		return ErrClosed
	}
	if err := w.core.do(ctx, func(ctx context.Context, l *loop) error {
		return l.refuseExpired(ctx, s.prepared)
	}); err != nil {
		return fmt.Errorf("salvage %s: %w", s.prepared.Source, err)
	}
	for state := repo.SalvageMore; state != repo.SalvageEnded; {
		if err := w.core.do(ctx, func(ctx context.Context, l *loop) (err error) {
			l.makeRoom()
			state, err = l.store.Salvage(ctx, s.prepared, repo.MicrosOf(l.options.Now()))
			l.checkpointIfDue()
			l.options.Watchdog()
			return err
		}); err != nil {
			return fmt.Errorf("salvage %s: %w", s.prepared.Source, err)
		}
		if state == repo.SalvageWaits {
			newest := s.prepared.Newest()
			return fmt.Errorf("salvage %s: %w: they reach until %s, and are rolled up from %s on",
				s.prepared.Source, ErrSalvageWaits, show(newest), show(w.core.rolledUpFrom(newest)))
		}
	}
	return nil
}

// refuseExpired refuses rows that would go at once, unless they were taken while they were younger.
func (l *loop) refuseExpired(ctx context.Context, s *repo.Salvage) error {
	runs, err := l.store.Salvages(ctx)
	if err != nil {
		return err
	}
	if run, known := salvageOf(runs, s.Source); known && run.Ended != 0 {
		return nil
	}
	oldest, err := l.oldestWelcome(ctx)
	newest := s.Newest()
	if err != nil || newest == 0 || newest > oldest {
		return err
	}
	return fmt.Errorf("%w: they reach until %s, and the history keeps nothing from before %s: they "+
		"can be taken with ages counted from %s (into a history of its own: one that has deleted "+
		"that time does not take it again)",
		ErrSalvageExpired, show(newest), show(oldest), show(l.rolledUpFrom(newest)))
}

// rolledUpFrom is when a bucket of a minute is made of the moment before newest.
func (c *core) rolledUpFrom(newest repo.Micros) repo.Micros {
	return (newest + 1).AlignUp(repo.Minute.Bucket()).Add(c.config.Grace)
}

func show(m repo.Micros) string { return m.Time().Format(time.RFC3339) }

// Salvages returns what the history says of damaged files whose rows it has taken or is taking, the
// oldest first.
//
// Errors: that of ctx, ErrDamaged, and those of the file system.
func (h *History) Salvages(ctx context.Context) ([]SalvageRun, error) {
	runs, err := h.reader.Salvages(ctx)
	var shown []SalvageRun
	for _, run := range runs {
		shown = append(shown, salvageRunOf(run))
	}
	return shown, err
}

// NameBeforeDamage returns the path that a damaged file had before it was moved aside, or "" where
// its name does not say so.
func NameBeforeDamage(path string) string { return repo.NameBeforeDamage(path) }
