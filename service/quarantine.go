package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/wanstore/wanstore/repo"
)

// Quarantined lists the damaged files that were moved aside and lie beside the history at path, the
// oldest first. The -wal and -shm of each have its name. Health tells of them until they have been
// salvaged or somebody takes them away.
//
// Errors: ErrNoPath, and those of the file system.
func Quarantined(path string) ([]string, error) { return repo.Quarantined(path) }

// announce logs and counts what was found when the file was opened.
func (l *loop) announce() {
	findings := l.store.Findings()
	if moved := findings.Quarantine; moved != nil {
		l.log.Error("the file was damaged and has been moved aside, recording goes on in a new one",
			"moved_to", moved.Path, "err", moved.Cause)
		l.stats.quarantine()
	}
	if rebuilt := findings.Rebuilt; rebuilt != nil {
		l.log.Info("the file was brought up to date", "was_version", rebuilt.Version, "rows",
			rebuilt.Rows,
			"damaged_rows_left_out", rebuilt.LeftOut, "took", rebuilt.Took)
	}
	if findings.MendedSchema != "" {
		l.log.Warn("what the file says of its tables was damaged, and has been put right", "entries",
			findings.MendedSchema)
	}
	if findings.LostFrames > 0 {
		l.log.Warn("the WAL is damaged: what was committed after the damage is lost", "pages",
			findings.LostFrames)
	}
	if findings.StrayWAL != "" {
		l.log.Warn("another file was put in the place of the history: the WAL of the old one has been "+
			"moved aside",
			"moved_to", findings.StrayWAL+"-wal")
	}
	if findings.OtherNames > 0 {
		l.log.Warn("the file has other names, too (hard links), and each of them has a WAL of its own: "+
			"every process has to open the file by this name", "others", findings.OtherNames)
	}
	if findings.Unchecked {
		l.log.Debug("the check at open has seen a part of the file only: it is a large one")
	}
	l.countQuarantined()
}

// countQuarantined looks for damaged files that are still there and have not been salvaged.
func (l *loop) countQuarantined() {
	list, err := repo.Quarantined(l.config.DBPath)
	var runs []repo.SalvageRun
	if err == nil && len(list) > 0 {
		runs, err = l.store.Salvages(context.Background())
	}
	if err != nil {
		l.log.Debug("cannot look for damaged files", "err", err)
		return
	}
	l.stats.quarantined(countAside(list, runs))
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
