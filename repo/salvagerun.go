package repo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// SalvageRun is what a history says of a damaged file whose rows it has taken in, or is taking in.
type SalvageRun struct {
	Source string // the name of the damaged file, without its directory
	Report SalvageReport
	Ended  Micros // when all rows were taken, 0 until then

	id        int64
	hash      []byte
	successor bool // this file was made in its place, and so had none of its rows
	place     salvagePlace
}

// salvagePlace is the next row to be taken.
type salvagePlace struct {
	Tier Granularity `json:"tier"`
	From Micros      `json:"from"`
}

func (p salvagePlace) text() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // two numbers
	}
	return string(text)
}

// Salvages returns what the history says of damaged files, the oldest first.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) Salvages(ctx context.Context) ([]SalvageRun, error) {
	runs, err := listSalvages(ctx, w.q)
	return runs, sqlite.Failure(ctx, "read salvages of", w.path, err)
}

// Salvages returns what the history says of damaged files, the oldest first.
//
// Errors: that of ctx, ErrDamaged, and those of the file system.
func (r *Reader) Salvages(ctx context.Context) ([]SalvageRun, error) {
	runs, err := listSalvages(ctx, r.q)
	return runs, sqlite.Failure(ctx, "read salvages of", r.path, err)
}

func listSalvages(ctx context.Context, q *db.Queries) ([]SalvageRun, error) {
	rows, err := q.ListSalvages(ctx)
	if err != nil {
		return nil, err
	}
	var runs []SalvageRun
	for _, row := range rows {
		run := SalvageRun{
			Source: row.Source, Ended: Micros(row.Ended),
			id: row.ID, hash: row.Hash, successor: row.Successor != 0,
		}
		err := errors.Join(json.Unmarshal([]byte(row.Report), &run.Report),
			json.Unmarshal([]byte(row.Place), &run.place))
		if err != nil {
			return nil, fmt.Errorf("%w: row %d of salvages: %w", ErrDamaged, row.ID, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// createSalvage adds a run to the file.
func createSalvage(ctx context.Context, q *db.Queries, run *SalvageRun) error {
	report, err := json.Marshal(run.Report)
	if err != nil {
		return err
	}
	run.id, err = q.CreateSalvage(ctx, db.CreateSalvageParams{
		Source: run.Source, Hash: notNull(run.hash), Successor: number(run.successor),
		Place: run.place.text(), Report: string(report), Ended: int64(run.Ended),
	})
	if err != nil {
		return err
	}
	return q.SealSalvage(ctx, run.id)
}

// succeeds notes that a new file is made in the place of a damaged one.
func succeeds(ctx context.Context, q *db.Queries, damaged string) error {
	return createSalvage(ctx, q, &SalvageRun{Source: filepath.Base(damaged), successor: true})
}

// errSalvageMoved says that another process has taken rows meanwhile.
var errSalvageMoved = errors.New("another process has taken rows of the damaged file")

// moveSalvage moves a run to its next place, inside the transaction that takes the rows before it.
func (w *Writer) moveSalvage(ctx context.Context, run SalvageRun, known salvagePlace) error {
	report, err := json.Marshal(run.Report)
	if err != nil {
		return err
	}
	moved, err := w.q.MoveSalvage(ctx, db.MoveSalvageParams{
		Hash: run.hash, Place: run.place.text(), Report: string(report), Ended: int64(run.Ended),
		ID: run.id, KnownPlace: known.text(), Successor: number(run.successor),
	})
	if err != nil {
		return err
	}
	if moved == 0 {
		return errSalvageMoved
	}
	return w.q.SealSalvage(ctx, run.id)
}

// leavesOutHeld makes of a run one that leaves out the buckets that are here already: some of its
// rows may have come with others.
func (w *Writer) leavesOutHeld(ctx context.Context, run *SalvageRun) error {
	if !run.successor {
		return nil
	}
	run.successor = false
	if err := w.q.ForgetSuccessor(ctx, run.id); err != nil {
		return err
	}
	return w.q.SealSalvage(ctx, run.id)
}

// beyond says that a run that is to go on here has taken rows that one at the other place has not.
func (p salvagePlace) beyond(other salvagePlace) bool {
	return p.Tier > other.Tier || p.Tier == other.Tier && p.From > other.From
}

// findSalvage returns the run of a damaged file, by its content or, where nobody has read that
// yet, its name.
func findSalvage(runs []SalvageRun, hash []byte, source string) (SalvageRun, bool) {
	byHash := func(r SalvageRun) bool { return len(hash) > 0 && bytes.Equal(r.hash, hash) }
	byName := func(r SalvageRun) bool {
		return (len(r.hash) == 0 || len(hash) == 0) &&
			r.Source == source
	}
	for _, is := range []func(SalvageRun) bool{byHash, byName} {
		if i := slices.IndexFunc(runs, is); i >= 0 {
			return runs[i], true
		}
	}
	return SalvageRun{}, false
}
