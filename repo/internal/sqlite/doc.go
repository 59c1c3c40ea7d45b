// Package sqlite has the connections to a database: how one is opened, what it sees to that SQLite
// and the driver do not, and what is said to it beside queries. It knows the schema of no history.
//
//	pool, dsn, setup        opening: the data source names, and what a connection is given first
//	connection, statement,  a layer between database/sql and the driver that outlives its index and
//	transaction, cause      says why the system has failed it
//	vfs, guardedfile, ...   VFSs around the driver's own: of readers, of writers, and of tests
//	pragma, checkpoint,     what is asked of a connection, or done by it, that is no query
//	copy, schematext, ...
//	errors                  the driver's codes as errors that callers can match
package sqlite
