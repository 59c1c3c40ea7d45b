package repo

import "github.com/wanstore/wanstore/repo/internal/sqlite"

// SQLiteVersion returns the version of the SQLite library, such as 3.54.1. It opens no file: the
// library is asked through a connection to memory, which takes about a millisecond.
//
// Errors: those of SQLite without memory.
func SQLiteVersion() (string, error) { return sqlite.Version() }
