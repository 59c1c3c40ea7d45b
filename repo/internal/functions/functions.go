// Package functions defines the SQL functions and row sources that the queries call beside those of
// SQLite. They are in queries, never in the schema: no other program needs them to read a history,
// or to write to it.
package functions

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/block"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// PartKeys is how many keys a part of series has: that of a block is the number of its part, times
// PartKeys, and a moment in microseconds.
const PartKeys = 10_000_000_000_000_000

const partSeries = block.SeriesPerPart

// Define defines all of them on a connection. What is not sound goes into the log.
func Define(conn *sqlite3.Conn, log *seal.Log) error {
	return errors.Join(
		definePack(conn), defineSeal(conn, log), definePackBlocks(conn), defineFold(conn),
		defineCount(conn), defineLook(conn, log), defineSketches(conn),
	)
}
