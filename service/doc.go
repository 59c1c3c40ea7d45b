// Package service keeps the metrics history of a network daemon: it records, thins out, keeps and answers. It is what a
// program embeds.
//
// # Recording
//
// [OpenWriter] opens a file for writing; all writers of one file in one process are the same one. [Writer.Series] checks
// the names of a series once and returns a handle. [Writer.Record] takes samples of handles and never waits, which is what
// a control loop needs; [Writer.Write] returns when they are committed. One goroutine owns the file, commits for everybody
// (each second, or when enough has gathered) and between two commits does short steps of maintenance: it rolls samples up
// into buckets of 1m, 5m and 1h, and deletes what has outlived its age.
//
//	control loop --Record--> bounded queue --> one goroutine --group commit--> file
//
// A sample that can not be stored is refused by itself: [Writer.Write] says why, and [Writer.Status] counts. When the queue
// is full, because the disk is, the oldest samples in it are dropped.
//
// # Reading
//
// [OpenHistory] opens a file for reading, in the same process or another, while it is being written. [History.Range] puts
// the tiers together: whatever the step, each sample is in one point, and each point says how coarse it is.
// [History.Summarize] and [History.Latest] answer in one row a series.
//
// # Configuration
//
// [Config] comes from code or, by [ConfigFromEnv], from the environment. How long the tiers keep their rows is kept in the
// file: a program that does not configure it changes nothing.
package service
