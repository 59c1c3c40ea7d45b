// Package importer takes recorded measurements into a history file.
//
// CSV first looks for the longest beginning of a file that an earlier import has taken in already,
// known by its hash, and refuses what would be too old as a whole. Then it parses what comes after
// that beginning and stores it batch by batch, each in one transaction with the place that it
// reaches. So an import can be stopped at any moment, by a signal or a power cut, and one that is
// run again adds only what is new: under whatever name the data comes, compressed or not, and
// however far the history has thinned out meanwhile.
//
// A database of wanctl is taken in likewise, from the row on that an earlier import has reached: a
// row's id and second, and the hashes of two rows, say whether it is the same database. Its
// aggregated rows become samples where the history has nothing of their buckets.
package importer
