package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/schema"
)

// incremental is the number of the auto_vacuum that a new history has.
const incremental = 2

// identity is what a database says of itself.
type identity struct {
	sqlite.Description

	// the version in its table wanstore, 0 where there is none that can be
	stated int
	named  bool // it has that table
}

func identify(ctx context.Context, q db.DBTX) (id identity, err error) {
	if id.Description, err = sqlite.Describe(ctx, q); err != nil {
		return id, err
	}
	if id.Tables["wanstore"] == "table" {
		id.stated, id.named, err = statedVersion(ctx, q)
	}
	return id, err
}

// statedVersion reads the version in the table wanstore, which .dump keeps, and with it every copy
// that has lost the numbers in its header. The table may be somebody else's, or have no row yet.
func statedVersion(ctx context.Context, q db.DBTX) (version int, ours bool, err error) {
	stated, err := db.New(q).FileVersion(ctx)
	switch {
	case sqlite.DoesNotFit(err):
		return 0, false, nil
	case errors.Is(err, sql.ErrNoRows):
		return 0, true, nil
	case err == nil && stated < firstStated:
		return 0, true, nil
	default:
		return int(stated), true, err
	}
}

// firstStated is the first version that has the table wanstore: one before it is what damage has
// made of another one.
const firstStated = 3

// version is that of the history, 0 where the database is none. What the table says goes before the
// header, for whose user_version other programs have uses of their own, unless this program would
// have to refuse it.
func (i identity) version() int {
	believed := i.stated > 0 && i.stated <= schema.Version
	switch {
	case i.ApplicationID == disk.ApplicationID && !believed:
		return max(i.UserVersion, 0)
	case believed:
		return max(i.stated, i.reached())
	default:
		return max(i.stated, 0)
	}
}

// reached is the version whose tables a file has: what says that it is of an earlier one is
// damaged.
func (i identity) reached() (version int) {
	for name, before := range newTables() {
		if i.Tables[name] == "table" {
			version = max(version, before+1)
		}
	}
	return version
}

// isMarked says that header and table have the numbers of a history of this version.
func (i identity) isMarked() bool {
	return i.ApplicationID == disk.ApplicationID && i.UserVersion == schema.Version &&
		i.stated == schema.Version
}

// wanctl says that the database has wanctl's table. A history has a view of that name.
func (i identity) wanctl() bool { return i.Tables["metrics"] == "table" }

// blank says that nothing has been written to the database yet, or no more than a history begins
// with. A database that another program has made and emptied cannot become one.
func (i identity) blank() bool {
	unmarked := i.ApplicationID == 0 && i.UserVersion == 0 && len(i.Tables) == 0
	return unmarked && (i.Pages == 0 || i.Vacuum == incremental)
}

// check refuses a database that is not ours, not complete, or newer than this program.
func (i identity) check() error {
	switch version := i.version(); {
	case version > schema.Version:
		return fmt.Errorf(
			"%w: its schema version is %d and this program knows up to %d: update the program", ErrTooNew,
			version, schema.Version)
	case i.named && len(i.missing()) > 0:
		return fmt.Errorf("%w: it lacks %s. A dump that is being loaded into it has yet to end; "+
			"one that was interrupted has to be loaded again, into a new file", ErrIncomplete,
			strings.Join(i.missing(), ", "))
	case version > 0, i.blank():
		return nil
	case i.wanctl():
		return fmt.Errorf("%w: it holds the table metrics of wanctl: name another file for the history, "+
			"and take this one in by `wanstore import --format wanctl`", ErrForeign)
	default:
		return fmt.Errorf("%w: application_id is %#x, want %#x: name another file",
			ErrForeign, i.ApplicationID, disk.ApplicationID)
	}
}

// historyTables are the tables of a history of this version, as the script of a new one makes them.
var historyTables = sync.OnceValue(func() map[string]bool {
	return tablesOf("CREATE", schema.History)
})

// tablesOf lists the tables that a script does a thing to.
func tablesOf(verb, script string) map[string]bool {
	tables := map[string]bool{}
	named := regexp.MustCompile(`(?m)^` + verb + ` TABLE (\w+)`)
	for _, match := range named.FindAllStringSubmatch(script, -1) {
		tables[match[1]] = true
	}
	return tables
}

// newTables are those that an upgrade makes, by the version before it, but for one that takes the
// place of another of its name.
var newTables = sync.OnceValue(func() map[string]int {
	tables := map[string]int{}
	for version, script := range upgrades {
		replaced := tablesOf("DROP", script)
		for name := range tablesOf("CREATE", script) {
			if !replaced[name] {
				tables[name] = version
			}
		}
	}
	return tables
})

// missing lists what a history of its version has and this one has not. The view is what a dump has
// last.
func (i identity) missing() []string {
	var names []string
	version := i.version()
	if version == 0 {
		names = append(names, "its version")
	}
	for name := range historyTables() {
		if version > 0 && version <= newTables()[name] {
			continue
		}
		if i.Tables[name] != "table" {
			names = append(names, name)
		}
	}
	if i.Tables["metrics"] != "view" {
		names = append(names, "metrics")
	}
	slices.Sort(names)
	return names
}
