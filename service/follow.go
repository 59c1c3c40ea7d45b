package service

import (
	"context"

	"github.com/wanstore/wanstore/repo"
)

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
	l.announce()
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

// adopt brings the new file and what is known together. What fails is done before the next commit.
func (l *loop) adopt() {
	err := l.setAges(context.Background(), l.mending.ages)
	if err == nil {
		err = l.describe(context.Background(), l.worthWriting(nil))
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
