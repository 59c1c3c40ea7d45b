// Package service keeps the metrics history of a network daemon: it records, thins out, keeps and
// answers. It is what a program embeds.
//
// # Recording
//
// [OpenWriter] opens a file for writing; all writers of one file in one process are the same one.
// [Writer.Series] checks the names of a series once and returns a handle. [Writer.Record] takes
// samples of handles and never waits, which is what a control loop needs; [Writer.Write] returns
// when they are committed. One goroutine owns the file, commits for everybody (each second, or when
// enough has gathered) and between two commits does short steps of maintenance: it rolls samples up
// into buckets of 1m, 5m and 1h, and deletes what has outlived its age.
//
//	control loop --Record--> bounded queue --> one goroutine --group commit--> file
//
// A sample that cannot be stored is refused by itself: [Writer.Write] says why, and
// [Writer.Status] counts. When the queue is full, because the disk is, the oldest samples in it are
// dropped.
//
// # The clock
//
// A sample has the time that its producer gives it. One that is more than [MaxAhead] later than the
// clock is refused, and so is one below what the file still keeps, for example one of 1970 in a
// file that has been maintained since. Ages are counted from the clock, but what a wrong clock says
// deletes nothing: one that jumps ahead is believed when it has gone on for as long as it has
// jumped, six hours at most. Until then deleting goes by the time that can be explained, and the
// status of the writer says so.
//
// # When things go wrong
//
// A writer goes on wherever it can, and says so in its log, in [Writer.Status] and in
// [Writer.Health].
//
//   - A damaged file is moved aside with its WAL ([Quarantined] lists what lies there), and recording goes on in a new one with what
//     waits in the queue. While another process has the damaged file open for writing, samples wait.
//   - On a full disk [Writer.Write] fails with [ErrDiskFull], and what [Writer.Record] has taken waits in the queue, whose oldest
//     samples make room for the newest. When there is room again it is committed.
//   - Config.MaxSize holds file and WAL together to a size: over it the oldest data of the finest tier goes first, once it is in the
//     next tier, and the oldest hours at last for good. It helps against a full disk only if it is less than the disk has room for.
//   - A file that is removed or replaced is noticed with the next commit: the writer goes on in the one at its path.
//
// # Reading
//
// [OpenHistory] opens a file for reading, in the same process or another, while it is being
// written. [History.Range] puts the tiers together: whatever the step, each sample is in one point,
// and each point says how coarse it is. [History.Summarize] and [History.Latest] answer in one row
// a series. A question that takes longer than [ReadLimit], or two seconds while the WAL is large,
// ends with [ErrReadTooLong], since it would keep that growing.
//
// # Configuration
//
// [Config] comes from code or, by [ConfigFromEnv], from the environment. How long the tiers keep
// their rows is kept in the file: a program that does not configure it changes nothing.
package service
