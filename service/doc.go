// Package service keeps the metrics history of a network daemon: it records samples, rolls them
// up as they age, and answers questions about them. It is what a program embeds.
//
// # Recording
//
// [OpenWriter] opens a file for writing; all writers of one file in one process are the same one.
// [Writer.Series] checks the names of a series once and returns a handle. [Writer.Record] takes
// samples of handles and never waits, which is what a control loop needs; [Writer.Write] returns
// when they are committed. One goroutine owns the file and commits for all callers, each second or
// once enough samples wait. Between two commits it runs short steps of maintenance: it rolls
// samples up into buckets of 1m, 5m and 1h, and deletes rows that have reached their age.
//
//	control loop --Record--> bounded queue --> one goroutine --group commit--> file
//
// A sample that cannot be stored is refused alone: [Writer.Write] says why, and [Writer.Status]
// counts it. When the queue is full, because the disk is, the oldest samples in it are dropped.
//
// # The clock
//
// A sample has the time that its producer gives it. One that is more than [MaxAhead] later than the
// clock is refused, and so is one that is older than all that the file still keeps, such as one of
// 1970 in a file that has been maintained since.
//
// Ages are counted from the clock, but a wrong clock deletes nothing. A clock that has jumped ahead
// is believed only after it has run on for as long as it jumped, six hours at most. Until then,
// deleting continues from the time before the jump, at the pace of time. [WriterStatus] shows such
// a doubt.
//
// # When things go wrong
//
// A writer continues wherever it can, and reports what is wrong in its log, in [Writer.Status] and
// in [Writer.Health].
//
//   - A damaged file is moved aside with its WAL ([Quarantined] lists what lies there), and
//     recording continues in a new one, with what waits in the queue. While another process has the
//     damaged file open for writing, samples wait.
//   - On a full disk [Writer.Write] fails with [ErrDiskFull], and the queue keeps what
//     [Writer.Record] has taken; its oldest samples make room for the newest. When there is room
//     on the disk again, all of them are committed.
//   - Config.MaxSize holds file and WAL together to a size. Over it the oldest rows of the finest
//     tier are deleted first, once they are in the next tier. Only when nothing else is left are
//     the oldest 1h buckets deleted, and those are lost. This prevents a full disk only if the
//     size is smaller than the room on the disk.
//   - At the next commit the writer notices that its file was removed or replaced, and continues in
//     the one at its path.
//
// # Reading
//
// [OpenHistory] opens a file for reading, in the same process or another, while it is being
// written; [Writer.History] opens that of a writer. [History.Range] puts the tiers together:
// whatever the step, each sample is in one point, and each point says how coarse it is.
// [History.Summarize] and [History.Latest] return one row per series. A question that takes longer
// than [ReadLimit], or two seconds while the WAL is large, ends with [ErrReadTooLong], since it
// would keep the WAL growing. [History.Snapshot] is for several questions that belong together: it
// has the series that matchers pick, and the buckets of any tier, as they are at one moment.
//
// Percentiles are made of a [Distribution], which points and summaries have if Query.Quantiles asks
// for it. It is exact where the answer is made from raw samples alone. Buckets of measurements keep
// a sketch, which adds up as they do and gives each quantile within 1.1 % as a rule. States have
// none, nor have buckets of metrics with Metric.NoPercentiles, nor buckets from before there were
// sketches or with an aggregated sample of an import, nor what is made of them: then there is no
// value rather than a guess.
//
// What is counted by cause is a struct with a field for each cause, such as [Refused]. What is
// counted by tier is an array with an element for each tier, such as [TierRows].
//
// # Configuration
//
// [Config] comes from code or, by [ConfigFromEnv], from the environment. The file holds the ages at
// which its tiers delete their rows: a program that does not configure them changes nothing.
package service
