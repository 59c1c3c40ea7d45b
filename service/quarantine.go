package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wanstore/wanstore/repo"
)

// Quarantined lists the files beside the history at path that were moved there because they were
// damaged, the oldest first. The -wal and -shm of each have its name. They are there, and told of
// in Health, until somebody takes them away.
//
// Errors: ErrNoPath, and those of the file system.
func Quarantined(path string) ([]string, error) { return repo.Quarantined(path) }

// mending is what the writer's goroutine knows of a file that it could not go on with.
type mending struct {
	failed      bool      // the last try to go on in another file was in vain, which is logged once
	adopt       bool      // the new file has not got its policy and metrics yet
	adoptFailed bool      // the last try to give it that, which is logged once
	ages        repo.Ages // the policy that holds
}

// follow goes on in the file that is at the path, if that is not the writer's any more. It costs
// one look at the path.
func (l *loop) follow() {
	if l.store.Lost() || l.store.Ended() {
		l.mend(nil)
	}
	l.store.FollowMode()
	if l.mending.adopt {
		l.adopt()
	}
}

// mend goes on in a new file where this one is damaged, as err says, or away, and in the same one
// where that is found sound. What waits in the queue goes there. It returns false where nothing has
// changed: another process has the damaged file open, or no new one can be made.
func (l *loop) mend(err error) bool {
	lost, ended := l.store.Lost(), l.store.Ended()
	if !repo.IsDamage(err) && !lost && !ended {
		return false
	}
	failed := l.store.Renew(context.Background(), err)
	if failed != nil {
		if !l.mending.failed {
			l.log.Error("the file is damaged or gone, and there is no new one yet: this is tried again "+
				"with each commit", "err", failed)
		}
		l.mending.failed = true
		return false
	}
	l.mending.failed, l.mending.adopt = false, true
	l.hold = walHold{} // of the old file's WAL
	l.walk = walk{}
	if err := l.endSalvage(); err != nil {
		l.log.Warn("what was put together of a damaged file cannot be removed", "err", err)
	}
	found := l.store.Findings()
	l.announce(l.store)
	switch {
	case found.Quarantine != nil || found.StrayWAL != "":
	case ended:
		l.log.Warn("a connection to the file has ended, and there is another one", "err", err)
	case !lost:
		l.log.Warn("the file looked damaged, and was found sound when it was opened again", "err", err)
	default:
		l.log.Warn("the file was taken away or replaced: recording goes on in the one that is at its " +
			"path now")
	}
	l.adopt()
	return true
}

// prepareSound prepares the file, and a new one instead where damage is found with that, the second
// time for certain.
func (c *core) prepareSound(ctx context.Context, store *repo.Writer) error {
	c.announce(store)
	err := c.prepare(ctx, store)
	for range 2 {
		if !repo.IsDamage(err) {
			break
		}
		if err := store.Renew(ctx, err); err != nil {
			return err
		}
		c.announce(store)
		err = c.prepare(ctx, store)
	}
	return err
}

// adopt brings the new file and what is known together. What fails is done before the next commit.
func (l *loop) adopt() {
	err := l.setAges(context.Background(), l.store, l.mending.ages)
	if err == nil {
		err = l.describe(context.Background(), l.store, l.worthWriting(nil))
	}
	if err == nil {
		err = l.identify()
	}
	if err != nil {
		if !l.mending.adoptFailed {
			l.log.Error("the new file has not got its policy and metrics yet: this is tried again with "+
				"each commit",
				"err", err)
		}
		l.mending.adoptFailed = true
		return
	}
	l.mending.adopt, l.mending.adoptFailed = false, false
	l.stats.renewed()
}

// identify notes which file this is.
func (c *core) identify() error {
	info, err := os.Stat(c.config.DBPath)
	if err == nil {
		c.file.Store(&info)
	}
	return err
}

// is says that the file at path, whose info may be nil if there is none, is that of the core. Where
// the core has it by another name it is ErrOtherName.
func (c *core) is(path string, info os.FileInfo) (bool, error) {
	if info != nil && os.SameFile(info, *c.file.Load()) {
		if !repo.SameName(path, c.config.DBPath) {
			return false, ErrOtherName
		}
		return true, nil
	}
	// It may have been removed, or replaced: the core goes on at its path.
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	return err == nil && filepath.Join(folder, filepath.Base(path)) == c.config.DBPath, nil
}

// announce logs and counts what was found when the file was opened.
func (c *core) announce(store *repo.Writer) {
	findings := store.Findings()
	if moved := findings.Quarantine; moved != nil {
		c.log.Error("the file was damaged and has been moved aside, recording goes on in a new one",
			"moved_to", moved.Path, "err", moved.Cause)
		c.stats.quarantine()
	}
	if rebuilt := findings.Rebuilt; rebuilt != nil {
		c.log.Info("the file was brought up to date", "was_version", rebuilt.Version, "rows",
			rebuilt.Rows,
			"damaged_rows_left_out", rebuilt.LeftOut, "took", rebuilt.Took)
	}
	if findings.MendedSchema != "" {
		c.log.Warn("what the file says of its tables was damaged, and has been put right", "entries",
			findings.MendedSchema)
	}
	if findings.LostFrames > 0 {
		c.log.Warn("the WAL is damaged: what was committed after the damage is lost", "pages",
			findings.LostFrames)
	}
	if findings.StrayWAL != "" {
		c.log.Warn("another file was put in the place of the history: the WAL of the old one has been "+
			"moved aside",
			"moved_to", findings.StrayWAL+"-wal")
	}
	if findings.OtherNames > 0 {
		c.log.Warn("the file has other names, too (hard links), and each of them has a WAL of its own: "+
			"every process has to open the file by this name", "others", findings.OtherNames)
	}
	if findings.Unchecked {
		c.log.Debug("the check at open has seen a part of the file only: it is a large one")
	}
	c.countQuarantined(store)
}

// countQuarantined looks for damaged files that are still there and have not been salvaged.
func (c *core) countQuarantined(store *repo.Writer) {
	list, err := repo.Quarantined(c.config.DBPath)
	var runs []repo.SalvageRun
	if err == nil && len(list) > 0 {
		runs, err = store.Salvages(context.Background())
	}
	if err != nil {
		c.log.Debug("cannot look for damaged files", "err", err)
		return
	}
	c.stats.quarantined(countAside(list, runs))
}

// damageProblems says what damage there is, and what else keeps the writer from its file.
func (v *vitals) damageProblems(salvage SalvageRun) []Problem {
	var problems []Problem
	if v.troubles.have(fileDamaged) {
		problems = append(problems, Problem{FileDamaged, ErrDamaged.Error()})
	}
	if v.troubles.have(otherName) {
		problems = append(problems, Problem{OtherName, ErrOtherName.Error()})
	}
	if v.troubles.have(mountGone) {
		problems = append(problems, Problem{MountGone, ErrMountGone.Error()})
	}
	return append(problems, quarantineProblems(v.aside, salvage)...)
}

// aside counts what was moved aside and has not been salvaged.
type aside struct {
	files int // damaged ones
	wals  int // that lie there without their files: nothing can be salvaged of them
}

func countAside(files []string, runs []repo.SalvageRun) aside {
	a := aside{files: len(unsalvaged(files, runs))}
	for _, file := range files {
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			a.wals++
		}
	}
	return a
}

// quarantineProblems says that damaged files lie beside the history, and how far the one has been
// taken in that is under way.
func quarantineProblems(a aside, run SalvageRun) []Problem {
	var messages []string
	switch a.files {
	case 0:
	case 1:
		messages = append(messages,
			"a damaged file lies beside the history: what is intact in it is still to be taken in")
	default:
		messages = append(messages, fmt.Sprintf(
			"%d damaged files lie beside the history: what is intact in them is still to be taken in",
			a.files))
	}
	if a.files > 0 && run.Source != "" {
		messages = append(messages, fmt.Sprintf("of one %d rows have been so far", run.Report.Taken()))
	}
	if a.wals > 0 {
		messages = append(messages,
			"the WAL of a file that was replaced lies beside the history, until somebody takes it away")
	}
	if len(messages) == 0 {
		return nil
	}
	return []Problem{{FileQuarantined, strings.Join(messages, "; ")}}
}
