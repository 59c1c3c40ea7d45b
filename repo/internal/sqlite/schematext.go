package sqlite

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// StoredSchema is what a file says of its tables, indexes, triggers and view. sqlc does not know
// the table that has it.
type StoredSchema struct {
	Numbers [3]int // what the file is, its version, and how often statements have changed the schema
	Entries []SchemaEntry
}

// SchemaEntry is a row of sqlite_schema, but for the page that it names.
type SchemaEntry struct {
	Row   int64
	Texts [4]string // type, name, table and SQL, empty for NULL
}

// SchemaOf returns what a database says that a script has made.
func SchemaOf(script string) (s StoredSchema, err error) {
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.Exec(script); err != nil {
		return s, err
	}
	return ReadSchema(c)
}

// ReadSchema reads the schema of a connection.
func ReadSchema(c *Conn) (s StoredSchema, err error) {
	numbers, _, err := c.Prepare("SELECT * FROM pragma_application_id, pragma_user_version, " +
		"pragma_schema_version")
	if err != nil {
		return s, err
	}
	err = each(numbers, func() {
		for i := range s.Numbers {
			s.Numbers[i] = numbers.ColumnInt(i)
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
		entry := SchemaEntry{Row: rows.ColumnInt64(0)}
		for i := range entry.Texts {
			entry.Texts[i] = rows.ColumnText(i + 1)
		}
		s.Entries = append(s.Entries, entry)
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

// RewriteEntries gives rows of the schema other texts, inside a transaction of a connection that
// may write the schema.
func RewriteEntries(c *Conn, list []SchemaEntry) (err error) {
	const text = "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = nullif(?, '') " +
		"WHERE rowid = ?"
	update, _, err := c.Prepare(text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, update.Close()) }()
	for _, entry := range list {
		for i, text := range entry.Texts {
			if err := update.BindText(i+1, text); err != nil {
				return err
			}
		}
		if err := update.BindInt64(len(entry.Texts)+1, entry.Row); err != nil {
			return err
		}
		if err := errors.Join(update.Exec(), update.Reset()); err != nil {
			return err
		}
	}
	return nil
}

// ConnectOnce opens a connection for f.
func ConnectOnce(ctx context.Context, path, name string, f func(*Conn) error) error {
	pool, err := OpenPool(path, name, f)
	if err != nil {
		return err
	}
	return errors.Join(pool.PingContext(ctx), pool.Close())
}
