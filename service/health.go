package service

import (
	"context"
	"fmt"
	"time"
)

// Reason names what is wrong with a history or its writer, for programs.
type Reason string

// The reasons.
const (
	// WriterStuck: samples wait and are not committed.
	WriterStuck Reason = "writer_stuck"
	// DiskFull: the last commit, checkpoint or step of maintenance found no room.
	DiskFull Reason = "disk_full"
	// SamplesTooOld: no sample is new enough to be kept.
	SamplesTooOld Reason = "samples_too_old"
	// SizeCap: the file cannot be held to its size cap.
	SizeCap Reason = "size_cap"
	// FileDamaged: the file is damaged, and no new one has taken its place yet.
	FileDamaged Reason = "file_damaged"
	// ContentDamaged: rows are not as they were written, and are left out.
	ContentDamaged Reason = "content_damaged"
	// OtherName: the file is open for writing under another name.
	OtherName Reason = "other_name"
	// MountGone: the filesystem of the file is not mounted any more.
	MountGone Reason = "mount_gone"
	// FileQuarantined: a damaged file was moved aside and has not been salvaged yet.
	FileQuarantined Reason = "file_quarantined"
	// MaintenanceOverdue: nothing is rolled up or deleted any more.
	MaintenanceOverdue Reason = "maintenance_overdue"
)

// Problem is one thing that is wrong with a history or its writer.
type Problem struct {
	Reason  Reason
	Message string // for people; it names no paths
}

const (
	// A writer is stuck after so many commit intervals without a commit, and not before patience:
	// another process may hold the lock for a while, and each commit waits for it by itself.
	stuckIntervals = 10
	patience       = 30 * time.Second

	// overdueIntervals is how many passes of maintenance may fail in a row.
	overdueIntervals = 3

	// maxBacklog is how much raw history may wait to be rolled up: a file says nothing of the
	// interval of its maintenance.
	maxBacklog = 5 * time.Minute
)

// Health returns what is wrong with the writer, nothing while all is well or after the writer has
// been closed. It does no I/O and never waits for the disk.
func (w *Writer) Health() []Problem {
	select {
	case <-w.core.ended:
		return nil
	default:
		return w.core.stats.health(&w.core.config, w.core.options.NoMaintenance)
	}
}

// Health returns what is wrong with the file by its own contents, whichever process writes it. It
// reads the list of series, makes two seeks and looks for damaged files beside the file.
//
// Errors: ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of ctx.
func (h *History) Health(ctx context.Context) ([]Problem, error) {
	backlog, err := h.reader.Backlog(ctx)
	if err != nil {
		return nil, err
	}
	damaged, err := Quarantined(h.reader.Path())
	if err != nil {
		return nil, err
	}
	runs, err := h.reader.Salvages(ctx)
	if err != nil {
		return nil, err
	}
	problems := append(unsoundProblems(h.Unsound()),
		quarantineProblems(countAside(damaged, runs), underWay(runs))...)
	if backlog > maxBacklog {
		problems = append(problems, Problem{MaintenanceOverdue,
			fmt.Sprintf("raw samples of %s have not been rolled up", backlog.Round(time.Second))})
	}
	return problems, nil
}

func (v *vitals) stuck(limit time.Duration) []Problem {
	if busy := time.Since(v.busy); !v.busy.IsZero() && busy > limit {
		return []Problem{{WriterStuck,
			fmt.Sprintf("the writer has been at one commit or step for %s", busy.Round(time.Second))}}
	}
	if waiting := time.Since(v.waiting); !v.waiting.IsZero() && waiting > limit {
		return []Problem{{WriterStuck,
			fmt.Sprintf("samples have been waiting for a commit for %s", waiting.Round(time.Second))}}
	}
	return nil
}
