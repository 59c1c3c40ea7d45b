package service

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// ErrImportMoved says that another process is importing the same data.
var ErrImportMoved = repo.ErrImportMoved

// ImportFormat is the kind of data that an import reads.
type ImportFormat string

// The formats of what is imported.
const (
	ImportCSV    ImportFormat = "csv"
	ImportWanctl ImportFormat = "wanctl"
	// ImportSkipped is that of lines of CSV which an import has skipped and a later one may take.
	ImportSkipped ImportFormat = "csv-skipped"
)

// ImportMark is a place in the data of an import. By its hash the same data is known again under
// any name. The zero mark is the beginning of data that no import has read.
type ImportMark struct {
	Format ImportFormat

	// Bytes and Lines are what lies before the place in a CSV file.
	Bytes, Lines int64
	// Skipped says which lines of a batch that ends there were skipped: bit n of the big-endian
	// number is the line n lines before the last.
	Skipped []byte

	// Of a database of wanctl, the rows up to the id LastID from before the Unix second Second have
	// been taken.
	LastID, Second int64
	// NewestID is the newest row of the coarsest granularity that the database had, and NewestHash
	// its SHA-256, nil where there was none.
	NewestID   int64
	NewestHash []byte

	// Hash is the SHA-256 of what lies before the place in a CSV file, or of the row LastID of a
	// database.
	Hash []byte
	// Source says to people where the data came from. That of a mark which is stored is the source
	// of its Import.
	Source string

	known repo.ImportMark // the mark as the file has it, for a run that goes on from it
}

func importMark(known repo.ImportMark) ImportMark {
	return ImportMark{
		Format: ImportFormat(known.Format),
		Bytes:  known.Bytes, Lines: known.Lines, Skipped: known.Skipped,
		LastID: known.LastID, Second: known.Second,
		NewestID: known.NewestID, NewestHash: known.NewestHash,
		Hash: known.Hash, Source: known.Source,
		known: known,
	}
}

// stored returns the mark as repo stores it.
func (m ImportMark) stored() repo.ImportMark {
	return repo.ImportMark{
		Format: repo.ImportFormat(m.Format),
		Bytes:  m.Bytes, Lines: m.Lines, Skipped: m.Skipped,
		LastID: m.LastID, Second: m.Second,
		NewestID: m.NewestID, NewestHash: m.NewestHash,
		Hash: m.Hash,
	}
}

// Imports is what a file remembers of imports.
type Imports struct {
	Marks []ImportMark // shortest data first
	Empty bool         // nothing has been stored in the file yet

	known repo.Imports
}

// Import is one run of an import: samples and the place that they reach in its data are stored
// together, so that a run which goes on from there takes nothing twice. It is for one goroutine.
type Import struct {
	writer *Writer
	run    *repo.Import
}

// ImportCounts is what became of imported samples.
type ImportCounts struct {
	Stored    int64 // late ones among them
	Duplicate int64
	Refused   Refused
}

// Imports returns the places that earlier imports have reached. It blocks until the commit or step
// under way has ended.
//
// Errors: ErrClosed, ErrDamaged, those of the file system, and that of ctx.
func (w *Writer) Imports(ctx context.Context) (Imports, error) {
	var known repo.Imports
	err := w.do(ctx, func(ctx context.Context, l *loop) (err error) {
		known, err = l.store.Imports(ctx)
		return err
	})
	if err != nil {
		return Imports{}, err // when ctx is done, the writer's goroutine may still be setting known
	}
	imports := Imports{Empty: known.Empty, known: known}
	for _, mark := range known.Marks {
		imports.Marks = append(imports.Marks, importMark(mark))
	}
	return imports, nil
}

// OldestWelcome returns the moment before which the file would let go of a sample at once: it is
// older than the retention or than anything that the file keeps.
//
// Errors: as for Imports.
func (w *Writer) OldestWelcome(ctx context.Context) (time.Time, error) {
	var oldest repo.Micros
	err := w.do(ctx, func(ctx context.Context, l *loop) (err error) {
		oldest, err = l.oldestWelcome(ctx)
		return err
	})
	if err != nil {
		return time.Time{}, err // as in Imports
	}
	return oldest.Time(), nil
}

func (l *loop) oldestWelcome(ctx context.Context) (repo.Micros, error) {
	tiers, err := l.store.Tiers(ctx)
	return max(tiers.LowestFloor(), tiers.ExpiryLimit(repo.MicrosOf(l.options.Now()))), err
}

// RawFloor returns the moment before which the file has let go of raw samples: of an older sample
// nobody can tell whether it is there already. The Unix epoch stands for a file that has let go of
// nothing.
//
// Errors: as for Imports.
func (w *Writer) RawFloor(ctx context.Context) (time.Time, error) {
	var floor repo.Micros
	err := w.do(ctx, func(ctx context.Context, l *loop) error {
		tiers, err := l.store.Tiers(ctx)
		floor = tiers[Raw].Floor
		return err
	})
	if err != nil {
		return time.Time{}, err // as in Imports
	}
	return floor.Time(), nil
}

// NewestWelcome returns the moment after which a sample is too far in the future: MaxAhead from
// now.
func (w *Writer) NewestWelcome() time.Time { return w.core.latest().Time() }

// BeginImport begins a run that goes on from a mark of imports, or from the zero mark. Source says
// to people where the data came from. From a mark of ImportSkipped the run has one batch, of the
// rows that were skipped: no later run takes them. It does no I/O.
func (w *Writer) BeginImport(imports Imports, source string, from ImportMark) *Import {
	return &Import{writer: w, run: imports.known.Begin(source, from.known)}
}

// ImportedSample is a sample of an import.
type ImportedSample struct {
	Sample

	// Aggregated says that it stands for samples of which nobody knows how many they were, nor how
	// they were distributed: what it is rolled up into has no percentiles.
	Aggregated bool
}

// Store commits samples together with the place that they reach, in one transaction, and blocks
// until that is done. A refused sample takes no neighbour with it. When ctx is done it stops
// waiting; the commit happens or does not.
//
// Errors: ErrImportMoved, ErrSeries, ErrClosed, ErrBusy, ErrDiskFull, ErrDamaged, those of the file
// system, and that of ctx.
func (i *Import) Store(
	ctx context.Context, samples []ImportedSample, reached ImportMark,
) (ImportCounts, error) {
	batch := repo.Batch{Samples: make([]repo.Sample, 0, len(samples)), Import: i.run}
	for _, s := range samples {
		if s.Series == nil || s.Series.owner != i.writer.core {
			return ImportCounts{}, fmt.Errorf("import: %w", ErrSeries)
		}
		batch.Samples = append(batch.Samples, repo.Sample{
			Series: s.Series.stored, TS: repo.MicrosOf(s.Time), Value: s.Value, Aggregated: s.Aggregated,
		})
	}
	outcomes := make([]repo.Outcome, len(samples))
	err := i.writer.do(ctx, func(_ context.Context, l *loop) error {
		i.run.Reached = reached.stored()
		i.run.At = repo.MicrosOf(time.Now())
		batch.Latest = l.latest()
		if err := l.append(batch, outcomes); err != nil {
			return err
		}
		l.checkpointIfDue()
		return nil
	})
	if err != nil {
		return ImportCounts{}, err
	}
	return countImport(outcomes), nil
}

func countImport(outcomes []repo.Outcome) ImportCounts {
	var status WriterStatus
	for _, outcome := range outcomes {
		status.count(outcome)
	}
	return ImportCounts{Stored: status.Accepted, Duplicate: status.Duplicate, Refused: status.Refused}
}
