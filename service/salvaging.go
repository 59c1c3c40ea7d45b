package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/wanstore/wanstore/repo"
)

// salvageSteps bounds what a pass takes of a damaged file, so that what is due is rolled up in
// time.
const salvageSteps = 200

// salvaging is what the writer's goroutine has under way of a damaged file. Another goroutine
// prepares it, which ends with the writer's.
type salvaging struct {
	file     string // "" for none
	ready    chan preparedSalvage
	cancel   context.CancelFunc
	prepared *repo.Salvage // nil while that goroutine is at work

	waits  bool            // the last try failed, which is logged once
	failed map[string]bool // files that failed: those that have not go first
}

type preparedSalvage struct {
	salvage *repo.Salvage
	err     error
}

// salvageDamaged is the last stage of a pass of its own: it brings back some of what is intact in
// the damaged files beside this one.
func (p *pass) salvageDamaged(l *loop) stage {
	left := salvageSteps
	return stage{"salvage", func(ctx context.Context) (bool, error) {
		if left == 0 {
			return false, nil
		}
		left--
		if l.salvaging.file == "" {
			return false, l.beginSalvage(ctx, p.deleteBy)
		}
		return l.salvageStep(ctx)
	}}
}

func (l *loop) salvageStep(ctx context.Context) (more bool, err error) {
	s := &l.salvaging
	if s.prepared == nil && !l.takePrepared() {
		return false, nil
	}
	state, err := l.store.Salvage(ctx, s.prepared, repo.MicrosOf(l.options.Now()))
	if errors.Is(err, repo.ErrSalvageLost) {
		l.salvageFailed(err)
		return false, l.endSalvage()
	}
	if err != nil {
		return false, err
	}
	report := salvageReport(s.prepared.Report)
	l.stats.salvaging(SalvageRun{Source: filepath.Base(s.file), Report: report})
	if state != repo.SalvageEnded {
		return state == repo.SalvageMore, nil
	}
	l.log.Info("what is intact in a damaged file has been taken in", "file", s.file, "report",
		report.String())
	l.stats.salvaging(SalvageRun{})
	return true, l.endSalvage()
}

// beginSalvage has the newest damaged file prepared that has not been salvaged: an older one may
// have rows that it has as well. One that failed waits for the others. Files that have been
// salvaged longer ago than the history keeps anything are removed, and what a salvage that was
// killed has left.
func (l *loop) beginSalvage(ctx context.Context, deleteBy repo.Micros) error {
	files, err := repo.Quarantined(l.config.DBPath)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return repo.ForgetSalvages(l.config.DBPath)
	}
	runs, err := l.store.Salvages(ctx)
	if err != nil {
		return err
	}
	if left := unsalvaged(files, runs); len(left) > 0 {
		l.prepareSalvage(l.nextToSalvage(left))
	} else if err := repo.ForgetSalvages(l.config.DBPath); err != nil {
		return err
	}
	return l.removeSalvaged(ctx, files, runs, deleteBy)
}

func (l *loop) nextToSalvage(files []string) string {
	for _, file := range slices.Backward(files) {
		if !l.salvaging.failed[file] {
			return file
		}
	}
	clear(l.salvaging.failed)
	return files[len(files)-1]
}

func (l *loop) prepareSalvage(file string) {
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan preparedSalvage, 1)
	l.salvaging = salvaging{
		file: file, ready: ready, cancel: cancel, waits: l.salvaging.waits, failed: l.salvaging.failed,
	}
	l.stats.salvaging(SalvageRun{Source: filepath.Base(file)})
	path := l.config.DBPath
	go func() {
		prepared, err := repo.PrepareSalvage(ctx, file, path)
		ready <- preparedSalvage{prepared, err}
	}()
}

func (l *loop) removeSalvaged(
	ctx context.Context, files []string, runs []repo.SalvageRun, deleteBy repo.Micros,
) error {
	tiers, err := l.store.Tiers(ctx)
	if err != nil {
		return err
	}
	for _, file := range files {
		run, known := salvageOf(runs, file)
		if !known || run.Ended == 0 || run.Ended.Add(tiers.Retention()) >= deleteBy || !isFile(file) {
			continue
		}
		if err := repo.RemoveQuarantined(file); err != nil {
			return err
		}
		l.log.Info("a damaged file whose rows were taken in has been removed: it is older than the "+
			"retention", "file", file)
	}
	return nil
}

// salvageOf returns the run of a damaged file, one that has ended if there is one.
func salvageOf(runs []repo.SalvageRun, file string) (found repo.SalvageRun, ok bool) {
	for _, run := range runs {
		if run.Source == filepath.Base(file) && (!ok || run.Ended != 0) {
			found, ok = run, true
		}
	}
	return found, ok
}

// unsalvaged returns the damaged files whose rows have not been taken in. A WAL may lie there
// alone, and what is no file at all is somebody's own.
func unsalvaged(files []string, runs []repo.SalvageRun) (left []string) {
	for _, file := range files {
		if run, ok := salvageOf(runs, file); (!ok || run.Ended == 0) && isFile(file) {
			left = append(left, file)
		}
	}
	return left
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// underWay returns the run that has not ended, the zero one if there is none.
func underWay(runs []repo.SalvageRun) SalvageRun {
	i := slices.IndexFunc(runs,
		func(r repo.SalvageRun) bool { return r.Ended == 0 && r.Report.Taken() > 0 })
	if i < 0 {
		return SalvageRun{}
	}
	return salvageRunOf(runs[i])
}

// takePrepared takes what the other goroutine has put together, once it has.
func (l *loop) takePrepared() bool {
	s := &l.salvaging
	select {
	case made := <-s.ready:
		s.cancel()
		if made.err == nil {
			s.prepared, s.waits = made.salvage, false
			return true
		}
		l.salvageFailed(made.err)
		s.file = ""
	default:
	}
	return false
}

// salvageFailed notes that the file under way cannot be salvaged now. What is the matter with this
// file alone keeps no other one waiting.
func (l *loop) salvageFailed(err error) {
	s := &l.salvaging
	if !s.waits {
		l.log.Warn("a damaged file cannot be salvaged yet: this is tried again after each pass of "+
			"maintenance",
			"file", s.file, "err", err)
	}
	s.waits = true
	if errors.Is(err, ErrSalvaging) || errors.Is(err, ErrDiskFull) {
		return
	}
	if s.failed == nil {
		s.failed = map[string]bool{}
	}
	s.failed[s.file] = true
}

// endSalvage lets go of what is under way.
func (l *loop) endSalvage() error {
	s := &l.salvaging
	if s.file == "" {
		return nil
	}
	s.cancel()
	prepared := s.prepared
	if prepared == nil {
		prepared = (<-s.ready).salvage
	}
	*s = salvaging{waits: s.waits, failed: s.failed}
	if prepared == nil {
		return nil
	}
	return prepared.Close()
}
