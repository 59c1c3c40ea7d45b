package repo

import (
	"context"
	"fmt"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// ImportFormat says what kind of data an import has read.
type ImportFormat string

// The formats.
const (
	ImportCSV    ImportFormat = "csv"
	ImportWanctl ImportFormat = "wanctl"
	// ImportSkipped is that of lines of CSV which an import has skipped and a later one may take.
	ImportSkipped ImportFormat = "csv-skipped"
)

// ImportMark is a place in the data of an import. By its hash the same data is known again under
// any name.
type ImportMark struct {
	Format ImportFormat

	// Of CSV: what comes before the place, and Hash is the SHA-256 of that. Skipped says which
	// lines of a batch that ends there were skipped: bit n of the big-endian number is the line n
	// lines before the last.
	Bytes   int64
	Lines   int64
	Skipped []byte

	// Of a database of wanctl: the rows up to LastID of before Second (Unix) have been taken. Hash
	// is the SHA-256 of the row LastID.
	LastID     int64
	Second     int64
	NewestID   int64  // the newest row of the coarsest granularity that there was
	NewestHash []byte // its SHA-256, none before there is one

	Hash   []byte
	Source string // where the data came from; that of a run is given to Begin

	id int64 // of its row, 0 for one that is not in the file yet
}

// Import is one run of an import, from the mark that an earlier run has reached or from the
// beginning. It is made by Imports.Begin, and its Reached and At are set before each batch that is
// appended with it.
type Import struct {
	Reached ImportMark // where the batch ends
	At      Micros     // when it was taken

	source    string // where the data come from
	known     ImportMark
	continues bool  // no batch has been committed yet, and known is the mark of an earlier run
	newest    int64 // newest import in the file when the run began
}

// Imports is what the file remembers of imports.
type Imports struct {
	Marks []ImportMark // shortest data first
	Empty bool         // nothing has been stored in the file yet

	newest int64
}

// Begin returns a run that goes on from the given mark, one of Marks or the zero mark. From a mark
// of ImportSkipped it has one batch, of the rows that were skipped: they are then no longer.
func (i Imports) Begin(source string, from ImportMark) *Import {
	return &Import{source: source, known: from, continues: from.id != 0, newest: i.newest}
}

// Imports returns the places that earlier imports have reached.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) Imports(ctx context.Context) (Imports, error) {
	rows, err := w.q.ListImports(ctx)
	if err != nil {
		return Imports{}, sqlite.Failure(ctx, "read imports of", w.path, err)
	}
	known, err := w.MetricAggregations(ctx)
	if err != nil {
		return Imports{}, err
	}
	imports := Imports{Marks: make([]ImportMark, 0, len(rows)), Empty: len(known) == 0}
	for _, row := range rows {
		imports.Marks = append(imports.Marks, importMark(row))
		imports.newest = max(imports.newest, row.ID)
	}
	return imports, nil
}

func importMark(row db.ListImportsRow) ImportMark {
	mark := ImportMark{
		Format: ImportFormat(row.Format),
		Bytes:  row.Bytes, Lines: row.Lines,
		LastID: row.LastID, Second: row.Second,
		NewestID: row.NewestID, NewestHash: row.NewestHash,
		Hash: row.Hash, Source: row.Source, id: row.ID,
	}
	if mark.Format == ImportSkipped {
		mark.Skipped, mark.NewestHash = row.NewestHash, nil
	}
	return mark
}

// moveImport moves the mark of a run to where its batch ends, inside a write transaction. A run
// that goes on from an earlier one takes over its row, so that a process which is still at that one
// fails at its next batch. It leaves a copy behind, so that the shorter data stay known: not of a
// database of wanctl, where rows go away. The older mark may then be the one that is still known,
// and what came after it would be taken twice.
func (w *Writer) moveImport(ctx context.Context, run *Import) error {
	if run == nil {
		return nil
	}
	if run.known.Format == ImportSkipped {
		return w.forgetSkipped(ctx, run.known)
	}
	if err := w.moveMark(ctx, run); err != nil {
		return err
	}
	if len(run.Reached.Skipped) == 0 {
		return nil
	}
	skipped := run.Reached
	skipped.Format = ImportSkipped
	_, err := w.createImport(ctx, run.source, skipped, run.At)
	return err
}

func (w *Writer) moveMark(ctx context.Context, run *Import) error {
	switch {
	case run.known.id == 0:
		return w.beginImport(ctx, run)
	case run.continues && run.known.Format == ImportCSV:
		if _, err := w.createImport(ctx, run.known.Source, run.known, run.At); err != nil {
			return err
		}
	}
	return w.advanceImport(ctx, run)
}

func (w *Writer) beginImport(ctx context.Context, run *Import) error {
	newest, err := w.q.LastImportID(ctx)
	if err != nil {
		return err
	}
	if newest != run.newest {
		return fmt.Errorf("%w or has just done so: run the import again", ErrImportMoved)
	}
	id, err := w.createImport(ctx, run.source, run.Reached, run.At)
	if err != nil {
		return err
	}
	run.Reached.id = id
	return nil
}

func (w *Writer) createImport(
	ctx context.Context, source string, mark ImportMark, at Micros,
) (int64, error) {
	newestHash := mark.NewestHash
	if mark.Format == ImportSkipped {
		newestHash = mark.Skipped
	}
	id, err := w.q.CreateImport(ctx, db.CreateImportParams{
		Source: source, Format: string(mark.Format),
		Bytes: mark.Bytes, Lines: mark.Lines,
		LastID: mark.LastID, Second: mark.Second,
		Hash: mark.Hash, NewestID: mark.NewestID, NewestHash: notNull(newestHash),
		Updated: int64(at),
	})
	if err != nil {
		return 0, err
	}
	return id, w.q.SealImport(ctx, id)
}

func (w *Writer) advanceImport(ctx context.Context, run *Import) error {
	reached, known := &run.Reached, &run.known
	moved, err := w.q.AdvanceImport(ctx, db.AdvanceImportParams{
		Source: run.source, Bytes: reached.Bytes, Lines: reached.Lines,
		LastID: reached.LastID, Second: reached.Second,
		Hash: reached.Hash, NewestID: reached.NewestID, NewestHash: notNull(reached.NewestHash),
		Updated: int64(run.At),
		ID:      known.id, KnownBytes: known.Bytes, KnownLastID: known.LastID, KnownSecond: known.Second,
	})
	if err != nil {
		return err
	}
	if moved == 0 {
		return fmt.Errorf("%w: run the import again", ErrImportMoved)
	}
	run.Reached.id = run.known.id
	return w.q.SealImport(ctx, run.known.id)
}

// forgetSkipped forgets that lines were skipped, since their rows are in the batch.
func (w *Writer) forgetSkipped(ctx context.Context, skipped ImportMark) error {
	gone, err := w.q.ForgetImport(ctx, db.ForgetImportParams{
		ID: skipped.id, Format: string(skipped.Format), Hash: skipped.Hash,
	})
	if err == nil && gone == 0 {
		err = fmt.Errorf("%w: run the import again", ErrImportMoved)
	}
	return err
}

// settle takes note of a committed batch.
func (i *Import) settle() {
	if i == nil {
		return
	}
	i.known = i.Reached
	i.continues = false
}
