package importer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wanstore/wanstore/repo/wanctl"
	"github.com/wanstore/wanstore/service"
)

var (
	// ErrAllTooOld reports that every new row is older than what the history file keeps. Nothing
	// has been stored then.
	ErrAllTooOld = errors.New("all rows are too old to be kept")
	// ErrHeader reports data that does not begin with the header of a metrics CSV.
	ErrHeader = errors.New("bad header")
	// ErrUncertain reports a database that may or may not be the one that was imported from the same
	// path before: the rows that tell are gone, and others of that time are there. Nothing has been
	// stored then. Under another path the database is taken from its beginning.
	ErrUncertain = errors.New("it cannot be told whether this is the database that was imported " +
		"from here before")
	// ErrNotWanctl reports a database without a table metrics as wanctl makes it.
	ErrNotWanctl = wanctl.ErrNotWanctl
	// ErrOpened reports that somebody has begun to write a database that nobody was using.
	ErrOpened = wanctl.ErrOpened
)

// What can be wrong with a line before it is a record.
var (
	errTooLong = fmt.Errorf("longer than %d bytes", MaxRecord)
	errEndless = fmt.Errorf(`a quoted field does not end within %d bytes, a " is missing`,
		MaxRecord)
	errIncomplete = errors.New("this line was imported before it was complete, and is kept as it " +
		"was then")
)

// LineError says what is wrong with one line, or with one row of a database.
type LineError struct {
	File string // as it was given, or "standard input"
	// Line counts from 1, and is the first one of a record of several lines; 0 for a row of a
	// database.
	Line   int64
	Row    int64 // the id of the row of a database
	Reason error // service.ErrName, ErrHeader or service.ErrAhead, or one that is for people only
}

// Error names the place and the reason, as compilers do.
func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: row %d: %v", e.File, e.Row, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Reason)
}

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Reason }

// headerError shows what stands where the header should be.
func headerError(found string) error {
	const most = 120 // what is no header may be anything
	if len(found) > most {
		found = found[:most] + "..."
	}
	shown := strconv.Quote(found)
	if found == "" {
		shown = "nothing"
	}
	return fmt.Errorf("%w: found %s, want %q, or timestamp_us for microseconds", ErrHeader, shown,
		strings.Join(columns(), ","))
}

// tooOldError says what could help against ErrAllTooOld.
func tooOldError(newest, oldestWelcome, now time.Time) error {
	counted := ""
	if !now.IsZero() {
		counted = fmt.Sprintf(", with ages counted from %s", show(now))
	}
	// A whole second that is not before the row: what follows from it is within reach of every
	// clock format.
	from := newest.Truncate(time.Second).Add(time.Second)
	return fmt.Errorf("%w: the newest is of %s, and the history keeps nothing from before %s%s; to "+
		"import old data give --now TIME, the moment to count ages from, such as --now %s (into a "+
		"history of its own: one that has deleted that time does not take it again)",
		ErrAllTooOld, show(newest), show(oldestWelcome), counted, show(from))
}

// uncertainError says what ErrUncertain comes from, and what the way out costs.
func uncertainError(mark service.ImportMark) error {
	return fmt.Errorf("%w: row %d and the newest row that was taken are gone or have changed, and "+
		"other raw rows from before %s are there; moved or copied to another path it is taken from its "+
		"beginning, which wants a history of its own if any row has been taken already",
		ErrUncertain, mark.LastID, show(time.Unix(mark.Second, 0)))
}

func show(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// aheadError says why a row stops an import, and what helps.
func aheadError(at, newestWelcome time.Time) error {
	return fmt.Errorf("%w: it is of %s, and nothing after %s is taken: give --now TIME if ages are "+
		"to be counted from a later "+
		"moment, or import again when that has come", service.ErrAhead,
		at.UTC().Format(time.RFC3339Nano), newestWelcome.UTC().Format(time.RFC3339Nano))
}
