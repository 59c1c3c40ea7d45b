package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wanstore/wanstore/repo"
)

// Quarantined lists the files beside the history at path that were moved there because they were damaged, the oldest first. The
// -wal and -shm of each have its name. They are there, and told of in Health, until somebody takes them away.
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

// follow goes on in the file that is at the path, if that is not the writer's any more. It costs one look at the path.
func (l *loop) follow() {
	if l.store.Lost() || l.store.Ended() {
		l.mend(nil)
	}
	l.store.FollowMode()
	if l.mending.adopt {
		l.adopt()
	}
}

// mend goes on in a new file where this one is damaged, as err says, or away, and in the same one where that is found sound. What
// waits in the queue goes there. It returns false where nothing has changed: another process has the damaged file open, or no
// new one can be made.
func (l *loop) mend(err error) bool {
	lost, ended := l.store.Lost(), l.store.Ended()
	if !repo.IsDamage(err) && !lost && !ended {
		return false
	}
	failed := l.store.Renew(context.Background(), err)
	if failed != nil {
		if !l.mending.failed {
			l.log.Error("the file is damaged or gone, and there is no new one yet: this is tried again with each commit", "err", failed)
		}
		l.mending.failed = true
		return false
	}
	l.mending.failed, l.mending.adopt = false, true
	l.hold = walHold{} // of the old file's WAL
	l.walk = walk{}
	found := l.store.Findings()
	l.announce(found)
	switch {
	case found.Quarantine != nil || found.StrayWAL != "":
	case ended:
		l.log.Warn("a connection to the file has ended, and there is another one", "err", err)
	case !lost:
		l.log.Warn("the file looked damaged, and was found sound when it was opened again", "err", err)
	default:
		l.log.Warn("the file was taken away or replaced: recording goes on in the one that is at its path now")
	}
	l.adopt()
	return true
}

// prepareSound prepares the file, and a new one instead where damage is found with that, the second time for certain.
func (c *core) prepareSound(ctx context.Context, store *repo.Writer) error {
	c.announce(store.Findings())
	err := c.prepare(ctx, store)
	for range 2 {
		if !repo.IsDamage(err) {
			break
		}
		if err := store.Renew(ctx, err); err != nil {
			return err
		}
		c.announce(store.Findings())
		err = c.prepare(ctx, store)
	}
	return err
}

// adopt brings the new file and what is known together. What fails is done before the next commit.
func (l *loop) adopt() {
	err := l.setAges(context.Background(), l.store, l.mending.ages)
	if err == nil {
		err = l.describe(context.Background(), l.store, l.metrics)
	}
	if err == nil {
		err = l.identify()
	}
	if err != nil {
		if !l.mending.adoptFailed {
			l.log.Error("the new file has not got its policy and metrics yet: this is tried again with each commit",
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

// is says that the file at path, whose info may be nil if there is none, is that of the core.
func (c *core) is(path string, info os.FileInfo) bool {
	if info != nil && os.SameFile(info, *c.file.Load()) {
		return true
	}
	// It may have been removed, or replaced: the core goes on at its path.
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	return err == nil && filepath.Join(folder, filepath.Base(path)) == c.config.DBPath
}

// announce logs and counts what was found when the file was opened.
func (c *core) announce(findings repo.Findings) {
	if moved := findings.Quarantine; moved != nil {
		c.log.Error("the file was damaged and has been moved aside, recording goes on in a new one",
			"moved_to", moved.Path, "err", moved.Cause)
		c.stats.quarantine()
	}
	if rebuilt := findings.Rebuilt; rebuilt != nil {
		c.log.Info("the file was brought up to date", "was_version", rebuilt.Version, "rows", rebuilt.Rows,
			"damaged_rows_left_out", rebuilt.LeftOut, "took", rebuilt.Took)
	}
	if findings.LostFrames > 0 {
		c.log.Warn("the WAL is damaged: what was committed after the damage is lost", "pages", findings.LostFrames)
	}
	if findings.StrayWAL != "" {
		c.log.Warn("another file was put in the place of the history: the WAL of the old one has been moved aside",
			"moved_to", findings.StrayWAL+"-wal")
	}
	if findings.Unchecked {
		c.log.Debug("the check at open has seen a part of the file only: it is a large one")
	}
	c.countQuarantined()
}

// countQuarantined looks for the damaged files that are still there.
func (c *core) countQuarantined() {
	list, err := repo.Quarantined(c.config.DBPath)
	if err != nil {
		c.log.Debug("can not look for damaged files", "err", err)
		return
	}
	c.stats.quarantined(len(list))
}

// quarantine counts a damaged file that was moved aside.
func (s *stats) quarantine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Quarantines++
}

// quarantined notes how many damaged files lie beside the file.
func (s *stats) quarantined(files int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vitals.quarantinedFiles = files
}

// renewed notes that what was damaged is not in use any more.
func (s *stats) renewed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for op, trouble := range s.vitals.troubles {
		if trouble == fileDamaged {
			s.vitals.troubles[op] = noTrouble
		}
	}
}

// damageProblems says what damage there is.
func (v *vitals) damageProblems() []Problem {
	var problems []Problem
	if v.troubles.have(fileDamaged) {
		problems = append(problems, Problem{FileDamaged, ErrDamaged.Error()})
	}
	return append(problems, quarantineProblems(v.quarantinedFiles)...)
}

func quarantineProblems(files int) []Problem {
	switch files {
	case 0:
		return nil
	case 1:
		return []Problem{{FileQuarantined,
			"a damaged file lies beside the history: save what is wanted of it, and take it away"}}
	default:
		return []Problem{{FileQuarantined,
			fmt.Sprintf("%d damaged files lie beside the history: save what is wanted of them, and take them away", files)}}
	}
}
