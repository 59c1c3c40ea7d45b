package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/schema"
)

const (
	// mostSchemaDamage is how many bytes of a schema may differ from what was written.
	mostSchemaDamage = 8
)

// writtenSchema is that of a file which nobody has changed since it was made.
var writtenSchema = sync.OnceValues(writeSchema)

func writeSchema() (sqlite.StoredSchema, error) {
	s, err := sqlite.SchemaOf(schema.History)
	s.Numbers[0], s.Numbers[1] = disk.ApplicationID, schema.Version
	return s, err
}

// damagedIn returns the entries that are not as they were written, as they should be. It returns
// none where somebody may have changed them: unless this is a history of this version, statements
// have changed the schema no more than when it was made, all texts are as long as they were, and
// few of their bytes are others.
func damagedIn(s sqlite.StoredSchema) (mended []sqlite.SchemaEntry, err error) {
	written, err := writtenSchema()
	if err != nil || s.Numbers != written.Numbers || len(s.Entries) != len(written.Entries) {
		return nil, err
	}
	differ := 0
	for i, entry := range s.Entries {
		is, was := strings.Join(entry.Texts[:], "\x00"), strings.Join(written.Entries[i].Texts[:], "\x00")
		if is == was {
			continue
		}
		if differ += distance(is, was); differ > mostSchemaDamage {
			return nil, nil
		}
		mended = append(mended, sqlite.SchemaEntry{Row: entry.Row, Texts: written.Entries[i].Texts})
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
func damagedEntries(c *sqlite.Conn) ([]sqlite.SchemaEntry, error) {
	found, err := sqlite.ReadSchema(c)
	if err != nil {
		return nil, err
	}
	return damagedIn(found)
}

// schemaDamage names the entries of the schema that the next writer puts right. What cannot be
// looked at is met again when the file is opened.
func schemaDamage(ctx context.Context, path string) (names string) {
	name, err := sqlite.LookingDSN(path, sqlite.Lenient)
	if err != nil {
		return ""
	}
	_ = sqlite.ConnectOnce(ctx, path, name, func(c *sqlite.Conn) error {
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
	name := sqlite.EditDSN(path, sqlite.Lenient)
	err = sqlite.ConnectOnce(ctx, path, name, func(c *sqlite.Conn) error {
		if err := c.Exec("BEGIN IMMEDIATE"); err != nil { // which ends with the connection
			return err
		}
		damaged, err := damagedEntries(c) // another process may have been faster
		if err != nil {
			return err
		}
		names = namesOf(damaged)
		if err := sqlite.RewriteEntries(c, damaged); err != nil {
			return err
		}
		return c.Exec("COMMIT")
	})
	return names, err
}

func namesOf(list []sqlite.SchemaEntry) string {
	names := make([]string, 0, len(list))
	for _, entry := range list {
		names = append(names, entry.Texts[1])
	}
	return strings.Join(names, ", ")
}

// mendedByWriter says of a file which a reader cannot make sense of that a writer can.
func mendedByWriter(ctx context.Context, path string, failed error) error {
	if !errors.Is(failed, ErrForeign) && !errors.Is(failed, ErrIncomplete) &&
		!IsDamage(sqlite.Classify(ctx, failed)) {
		return failed
	}
	names := schemaDamage(ctx, path)
	if names == "" {
		return failed
	}
	return fmt.Errorf("%w: what it says of %s is not as it was written, and is put right when it is "+
		"opened for writing: %v", ErrDamaged, names, failed)
}
