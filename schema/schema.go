// Package schema holds the migrations of the history file: forward-only SQL scripts, numbered from 1 without a gap.
// The number of the last one is the schema version that a file carries in its user_version.
package schema

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed *.sql
var files embed.FS

// SampleGroups makes the temporary table of rolling up. Each connection on which the generated queries are prepared wants it, those
// of readers, too.
//
//go:embed temporary/sample_groups.sql
var SampleGroups string

// Migration brings a file from schema version Version-1 to Version.
type Migration struct {
	Version int
	Name    string // file name, such as 0001_history.sql
	SQL     string
}

// Migrations returns every migration in the order of its version.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql") // sorted, and the names begin with their numbers
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	migrations := make([]Migration, 0, len(names))
	for i, name := range names {
		var version int
		if _, err := fmt.Sscanf(name, "%04d_", &version); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: want a name that begins with %04d_", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		migrations = append(migrations, Migration{Version: version, Name: name, SQL: string(text)})
	}
	return migrations, nil
}
