package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// salvageSteps bounds what a pass takes of a damaged file, so that what is due is rolled up in
// time.
const salvageSteps = 200

// SalvageReport says what was found in a damaged file, and what became of its rows.
type SalvageReport = repo.SalvageReport

// SalvageRun is what a history says of a damaged file whose rows it has taken in, or is taking in.
type SalvageRun struct {
	Source string // the name of the damaged file, without its directory
	Report SalvageReport
	Ended  time.Time // when all rows had been taken, zero until then
}

func salvageRunOf(run repo.SalvageRun) SalvageRun {
	shown := SalvageRun{Source: run.Source, Report: run.Report}
	if run.Ended != 0 {
		shown.Ended = run.Ended.Time()
	}
	return shown
}

// Salvage is what is intact of a damaged history, put together to be taken into another one.
type Salvage struct {
	prepared *repo.Salvage
}

// ErrSalvaging says that another process is salvaging a damaged file of the history.
var ErrSalvaging = repo.ErrSalvaging

// ErrSalvageLost says that what was put together of a damaged file cannot be read: it has to be
// prepared again.
var ErrSalvageLost = repo.ErrSalvageLost

// ErrSalvageWaits says that the rows of a damaged file reach beyond what the history has rolled up.
var ErrSalvageWaits = errors.New("the rows are newer than what the history has rolled up")

// ErrSalvageExpired says that all rows of a damaged file are older than what the history keeps.
var ErrSalvageExpired = errors.New("all rows are too old to be kept")

// PrepareSalvage reads what is intact in the file damaged, whatever SQLite says, and puts it
// together in a folder beside the history at path. The file stays as it is. It blocks for a second
// or two for each 10 MB, and takes room for a copy.
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

// Report says what was found, and what has been taken.
func (s *Salvage) Report() SalvageReport { return s.prepared.Report }

// Configure gives a configuration the policy of the damaged file, where that can be read.
func (s *Salvage) Configure(config *Config) {
	ages := s.prepared.Ages()
	if ages == (repo.Ages{}) {
		return
	}
	config.KeepRaw, config.Keep1m, config.Keep5m = ages[repo.Raw], ages[repo.Minute],
		ages[repo.FiveMinutes]
	config.RetentionDays = Days(ages[repo.Hour] / (24 * time.Hour))
}

// InUse says that somebody has the damaged file open, which Remove then refuses to remove.
//
// Errors: ErrBusy, and those of the file system.
func (s *Salvage) InUse() error { return s.prepared.InUse() }

// Remove removes the damaged file, with what lies beside it under its name, once all of it has been
// taken. One that somebody has open, or has written to since it was read, stays. It blocks while it
// reads the file.
//
// Errors: ErrBusy, those of the file system, and that of ctx.
func (s *Salvage) Remove(ctx context.Context) error { return s.prepared.Remove(ctx) }

// Close removes what was put together.
func (s *Salvage) Close() error { return s.prepared.Close() }

// Salvage takes what was put together of a damaged file into the history, in steps between the
// commits, and blocks until that has ended. It goes on where an earlier run has ended, and takes
// nothing twice. A file whose place this one took has its buckets added to those that are here; of
// any other file the buckets that are here already are left out.
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
		"can be taken with ages counted from %s (into a history of its own, for one that has let go of "+
		"that time does not take it back)",
		ErrSalvageExpired, show(newest), show(oldest), show(l.rolledUpFrom(newest)))
}

// rolledUpFrom is when a bucket of a minute is made of the moment before newest.
func (c *core) rolledUpFrom(newest repo.Micros) repo.Micros {
	return (newest + 1).AlignUp(repo.Minute.Bucket()).Add(c.config.Grace)
}

func show(m repo.Micros) string { return m.Time().Format(time.RFC3339) }

// Salvages returns what the history says of damaged files whose rows it has taken in, or is taking
// in, the oldest first.
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
	l.stats.salvaging(SalvageRun{Source: filepath.Base(s.file), Report: s.prepared.Report})
	if state != repo.SalvageEnded {
		return state == repo.SalvageMore, nil
	}
	l.log.Info("what is intact in a damaged file has been taken in", "file", s.file, "report",
		s.prepared.Report.String())
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

// salvaging notes what is under way, "" for nothing.
func (s *stats) salvaging(run SalvageRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Salvage = run
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
