package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/schema"
)

const (
	// mostSchemaDamage is how many bytes of a schema may differ from what was written.
	mostSchemaDamage = 8

	// lenient is a pragma with which SQLite passes over texts of a schema that are no SQL, and
	// lets them be written.
	lenient = "writable_schema(on)"
)

// storedSchema is what a file says of its tables, indexes, triggers and view. sqlc does not know
// the table that has it.
type storedSchema struct {
	numbers [3]int // what the file is, its version, and how often statements have changed the schema
	entries []schemaEntry
}

// schemaEntry is a row of sqlite_schema, but for the page that it names.
type schemaEntry struct {
	row   int64
	texts [4]string // type, name, table and SQL, empty for NULL
}

// writtenSchema is that of a file which nobody has changed since it was made.
var writtenSchema = sync.OnceValues(writeSchema)

func writeSchema() (s storedSchema, err error) {
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.Exec(schema.History); err != nil {
		return s, err
	}
	s, err = readSchema(c)
	s.numbers[0], s.numbers[1] = disk.ApplicationID, schema.Version
	return s, err
}

func readSchema(c *sqlite3.Conn) (s storedSchema, err error) {
	numbers, _, err := c.Prepare("SELECT * FROM pragma_application_id, pragma_user_version, pragma_schema_version")
	if err != nil {
		return s, err
	}
	err = each(numbers, func() {
		for i := range s.numbers {
			s.numbers[i] = numbers.ColumnInt(i)
		}
	})
	if err != nil {
		return s, err
	}
	rows, _, err := c.Prepare("SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema ORDER BY " +
		"rowid")
	if err != nil {
		return s, err
	}
	err = each(rows, func() {
		entry := schemaEntry{row: rows.ColumnInt64(0)}
		for i := range entry.texts {
			entry.texts[i] = rows.ColumnText(i + 1)
		}
		s.entries = append(s.entries, entry)
	})
	return s, err
}

// each steps through the rows of a statement, and closes it.
func each(rows *sqlite3.Stmt, f func()) error {
	for rows.Step() {
		f()
	}
	return errors.Join(rows.Err(), rows.Close())
}

// damaged returns the entries that are not as they were written, as they should be. It returns none
// where somebody may have changed them: unless this is a history of this version, statements have
// changed the schema no more than when it was made, all texts are as long as they were, and few of
// their bytes are others.
func (s storedSchema) damaged() (mended []schemaEntry, err error) {
	written, err := writtenSchema()
	if err != nil || s.numbers != written.numbers || len(s.entries) != len(written.entries) {
		return nil, err
	}
	differ := 0
	for i, entry := range s.entries {
		is, was := strings.Join(entry.texts[:], "\x00"), strings.Join(written.entries[i].texts[:], "\x00")
		if is == was {
			continue
		}
		if differ += distance(is, was); differ > mostSchemaDamage {
			return nil, nil
		}
		mended = append(mended, schemaEntry{row: entry.row, texts: written.entries[i].texts})
	}
	return mended, nil
}

// distance counts the bytes that differ between texts of one length. It is large for others.
func distance(a, b string) (differ int) {
	if len(a) != len(b) {
		return mostSchemaDamage + 1
	}
	for i := range len(a) {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ
}

// damagedEntries returns the entries of the schema of a file that are damaged, as they should be.
func damagedEntries(c *sqlite3.Conn) ([]schemaEntry, error) {
	found, err := readSchema(c)
	if err != nil {
		return nil, err
	}
	return found.damaged()
}

// schemaDamage names the entries of the schema that the next writer puts right. What cannot be
// looked at is met again when the file is opened.
func schemaDamage(ctx context.Context, path string) (names string) {
	name, err := lookingDSN(path, lenient)
	if err != nil {
		return ""
	}
	_ = connectOnce(ctx, path, name, func(c *sqlite3.Conn) error {
		damaged, err := damagedEntries(c)
		names = namesOf(damaged)
		return err
	})
	return names
}

// mendSchema puts the damaged entries of a schema right, and returns their names.
func mendSchema(ctx context.Context, path string) (names string, err error) {
	ours, err := disk.IsHistory(path)
	if err != nil || !ours || disk.HasJournal(path) || schemaDamage(ctx, path) == "" {
		return "", err
	}
	if err := registerWriterVFS(); err != nil {
		return "", err
	}
	err = connectOnce(ctx, path, dsn(path, "rw", writerVFSName, lenient), func(c *sqlite3.Conn) error {
		if err := c.Exec("BEGIN IMMEDIATE"); err != nil { // which ends with the connection
			return err
		}
		damaged, err := damagedEntries(c) // another process may have been faster
		if err != nil {
			return err
		}
		names = namesOf(damaged)
		if err := rewriteEntries(c, damaged); err != nil {
			return err
		}
		return c.Exec("COMMIT")
	})
	return names, err
}

func rewriteEntries(c *sqlite3.Conn, list []schemaEntry) (err error) {
	const text = "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = nullif(?, '') " +
		"WHERE rowid = ?"
	update, _, err := c.Prepare(text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, update.Close()) }()
	for _, entry := range list {
		for i, text := range entry.texts {
			if err := update.BindText(i+1, text); err != nil {
				return err
			}
		}
		if err := update.BindInt64(len(entry.texts)+1, entry.row); err != nil {
			return err
		}
		if err := errors.Join(update.Exec(), update.Reset()); err != nil {
			return err
		}
	}
	return nil
}

func namesOf(list []schemaEntry) string {
	names := make([]string, 0, len(list))
	for _, entry := range list {
		names = append(names, entry.texts[1])
	}
	return strings.Join(names, ", ")
}

// mendedByWriter says of a file which a reader cannot make sense of that a writer can.
func mendedByWriter(ctx context.Context, path string, failed error) error {
	if !errors.Is(failed, ErrForeign) && !errors.Is(failed, ErrIncomplete) &&
		!IsDamage(classify(ctx, failed)) {
		return failed
	}
	names := schemaDamage(ctx, path)
	if names == "" {
		return failed
	}
	return fmt.Errorf("%w: what it says of %s is not as it was written, and is put right when it is "+
		"opened for writing: %v", ErrDamaged, names, failed)
}

// connectOnce opens a connection for f.
func connectOnce(ctx context.Context, path, name string, f func(*sqlite3.Conn) error) error {
	pool, err := openPool(path, name, f)
	if err != nil {
		return err
	}
	return errors.Join(pool.PingContext(ctx), pool.Close())
}
