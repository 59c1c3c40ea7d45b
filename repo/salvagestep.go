package repo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// SalvageState is what a step of a salvage comes to.
type SalvageState uint8

// The states.
const (
	SalvageMore  SalvageState = iota // there is more to take
	SalvageWaits                     // the history has not been rolled up as far as the rows reach
	SalvageEnded                     // all rows have been taken
)

// Salvage takes some of what was put together of a damaged file into the history. Each tier comes
// back into its own: a file whose place this one took has its buckets added to those that are here,
// of any other file the buckets that are here already are left out. How far that is moves in the
// same transaction, so no row is lost or taken twice, whichever process goes on.
//
// Errors: ErrSalvageLost, ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Salvage(ctx context.Context, s *Salvage, now Micros) (SalvageState, error) {
	state, err := w.salvage(ctx, s, now)
	if errors.Is(err, errSalvageMoved) {
		s.run, err = SalvageRun{}, nil // whatever it says now
	}
	return state, err
}

func (w *Writer) salvage(
	ctx context.Context, s *Salvage, now Micros,
) (state SalvageState, err error) {
	if s.run.id == 0 {
		return w.beginSalvage(ctx, s, now)
	}
	page, err := s.read(ctx, s.run.place)
	if err != nil {
		return state, unreadable(ctx, err)
	}
	run := s.run
	run.place = page.next
	if run.place.Tier == tierCount {
		run.Ended, state = now, SalvageEnded
	}
	err = w.update(ctx, "salvage into", func() error {
		if err := w.take(ctx, s, page, &run); err != nil {
			return err
		}
		return w.moveSalvage(ctx, run, s.run.place)
	})
	if err != nil {
		w.known, w.life = known{}, new(life)
		return SalvageMore, err
	}
	s.run = run
	s.Report.Tiers = run.Report.Tiers
	return state, nil
}

// beginSalvage finds out how far an earlier run has come, or begins one, and takes what there are
// few rows of.
func (w *Writer) beginSalvage(
	ctx context.Context, s *Salvage, now Micros,
) (state SalvageState, err error) {
	var run SalvageRun
	err = w.update(ctx, "salvage into", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil {
			return err
		}
		runs, err := listSalvages(ctx, w.q)
		if err != nil {
			return err
		}
		var found bool
		run, found = findSalvage(runs, s.hash, filepath.Base(s.Source))
		switch {
		case run.Ended != 0:
			state = SalvageEnded
			return w.nameSalvage(ctx, runs, run, filepath.Base(s.Source))
		case tiers[Minute].Watermark <= s.newest:
			state, run = SalvageWaits, SalvageRun{}
			return nil
		}
		known := run.place
		if !found {
			run.Source = filepath.Base(s.Source)
			if err := createSalvage(ctx, w.q, &run); err != nil {
				return err
			}
		}
		taken := run.Report.Tiers
		run.Report = s.Report
		run.Report.Tiers = taken
		if err := w.takeFew(ctx, s, &run, runs, tiers, now); err != nil {
			return err
		}
		run.hash = s.hash
		return w.moveSalvage(ctx, run, known)
	})
	if err == nil {
		s.run = run
		s.Report.Tiers = run.Report.Tiers
	}
	return state, err
}

// nameSalvage notes that a damaged file of this name has been taken: it was under another one.
func (w *Writer) nameSalvage(
	ctx context.Context, runs []SalvageRun, taken SalvageRun, source string,
) error {
	named := func(r SalvageRun) bool { return r.Source == source }
	if slices.ContainsFunc(runs, func(r SalvageRun) bool { return named(r) && r.Ended != 0 }) {
		return nil
	}
	taken.Source = source
	i := slices.IndexFunc(runs, named)
	if i < 0 {
		return createSalvage(ctx, w.q, &taken)
	}
	taken.id, taken.successor = runs[i].id, runs[i].successor
	return w.moveSalvage(ctx, taken, runs[i].place)
}

// unreadable makes of an error of reading what was put together one that nobody takes for damage of
// the history.
func unreadable(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrSalvageLost, err.Error())
}
