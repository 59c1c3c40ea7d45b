package service

import "github.com/wanstore/wanstore/repo"

// SQLiteVersion returns the version of the SQLite library that keeps the histories, such as 3.54.1.
// It opens no file and takes about a millisecond.
//
// Errors: those of SQLite without memory.
func SQLiteVersion() (string, error) { return repo.SQLiteVersion() }
