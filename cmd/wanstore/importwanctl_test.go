package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/schema/wanctl"
)

// wanctlRows writes rows to a database as wanctl does, and makes it if need be: wanctl FILE ROWS,
// where ROWS is a file with a row a line, timestamp,wan_name,metric_name,value,labels,granularity
// as SQL has them.
func wanctlRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: wanctl FILE ROWS")
	}
	statements := "PRAGMA journal_mode = WAL; " + strings.NewReplacer(
		"CREATE TABLE", "CREATE TABLE IF NOT EXISTS", "CREATE INDEX",
		"CREATE INDEX IF NOT EXISTS").Replace(wanctl.Schema)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		statements += "INSERT INTO metrics (timestamp, wan_name, metric_name, value, labels, " +
			"granularity) VALUES (" + line + ");"
	}
	ts.Check(filetest.Run(ts.MkAbs(args[0]), statements))
}
