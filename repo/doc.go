// Package repo is the repository layer of the history file, and the only package that imports its
// generated queries. It speaks of samples, series, tiers and buckets, never of rows of the
// generated types. Connections are those of repo/internal/sqlite, and what can be told of a file
// without one is told by repo/internal/disk.
//
// [Writer] changes a file and belongs to one goroutine. Every method that changes rows is one
// transaction that takes the write lock at its start and reads the state of the tiers inside it, so
// several processes may write and maintain one file. The methods that thin the history out (RollUp,
// Expire, RaiseFloors, SweepSamples, SweepRollups, Trim, Vacuum, Checkpoint) are short steps: each
// does a bounded piece of work and says whether there is more.
//
// [Reader] reads a file that others may be writing. [Reader.Snapshot] gives one consistent view of
// it.
//
// The rules that hold in every file, whatever happens, are those of docs/DESIGN.md; docs/FORMAT.md
// describes the tables.
package repo
