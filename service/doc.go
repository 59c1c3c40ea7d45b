// Package service keeps the metrics history of a network daemon: it records samples, thins them out
// as they age, and answers questions about them. It is what a program embeds.
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
// A sample that cannot be stored is refused by itself: [Writer.Write] says why, and [Writer.Status]
// counts. When the queue is full, because the disk is, the oldest samples in it are dropped.
//
// # The clock
//
// A sample has the time that its producer gives it. One that is more than [MaxAhead] later than the
// clock is refused, and so is one that is older than all that the file still keeps, such as one of
// 1970 in a file that has been maintained since.
//
// Ages are counted from the clock, but a wrong clock deletes nothing: one that jumps ahead is
// believed when it has gone on for as long as it has jumped, six hours at most. Until then deleting
// goes by the time that can be explained, and [WriterStatus] has both.
//
// # When things go wrong
//
// A writer goes on wherever it can, and tells in its log, in [Writer.Status] and in
// [Writer.Health].
//
//   - A damaged file is moved aside with its WAL ([Quarantined] lists what lies there), and
//     recording goes on in a new one, with what waits in the queue. While another process has the
//     damaged file open for writing, samples wait.
//   - On a full disk [Writer.Write] fails with [ErrDiskFull], and the queue keeps what
//     [Writer.Record] has taken; its oldest samples make room for the newest. When there is room
//     on the disk again, all of them are committed.
//   - Config.MaxSize holds file and WAL together to a size. Over it the oldest data of the finest
//     tier goes first, once it is in the next tier, and the oldest hours at last for good. That
//     helps against a full disk only if the disk has room for as much.
//   - With the next commit the writer notices that its file was removed or replaced, and goes on in
//     the one at its path.
//
// # Reading
//
// [OpenHistory] opens a file for reading, in the same process or another, while it is being
// written; [Writer.History] opens that of a writer. [History.Range] puts the tiers together:
// whatever the step, each sample is in one point, and each point says how coarse it is.
// [History.Summarize] and [History.Latest] answer in one row a series. A question that takes longer
// than [ReadLimit], or two seconds while the WAL is large, ends with [ErrReadTooLong], since it
// would keep the WAL growing.
//
// Percentiles are made of a [Distribution], which points and summaries have if Query.Quantiles asks
// for it. It is exact where all raw samples are left. Buckets of measurements keep a sketch, which
// adds up as they do and gives each quantile within 1.1 % as a rule. States have none, nor have
// buckets of metrics with Metric.NoPercentiles, nor buckets from before there were sketches, nor
// what is made of them: then there is no value rather than a guess.
//
// What is counted by cause is a struct with a field for each cause, such as [Refused]. What is
// counted by tier is an array with an element for each tier, such as [TierRows].
//
// # Configuration
//
// [Config] comes from code or, by [ConfigFromEnv], from the environment. The file keeps the ages at
// which its tiers let go of their rows: a program that does not configure them changes nothing.
package service
