// Package sqlitefile knows what the files of an SQLite database consist of
// (https://sqlite.org/fileformat.html), as far as several packages look at them by themselves.
package sqlitefile
