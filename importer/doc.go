// Package importer takes recorded measurements into a history file.
//
// [CSV] first looks for the longest beginning of a file that an earlier import has taken, by its
// hash, and refuses the file if all of the rest is too old. Then it parses the rest and stores it
// batch by batch, each in one transaction with the place that it reaches. So an import can be
// stopped at any moment, by a signal or a power cut, and adds only what is new when it is run
// again: under whatever name the data comes, compressed or not, and however far the history has
// thinned out meanwhile.
//
// [Wanctl] imports a database of wanctl likewise, from the row on that an earlier import has
// reached: a row's id and second, and the hashes of two rows, tell whether it is the same database.
// Its aggregated rows become samples where the history has nothing of their buckets.
//
//	writer, err := service.OpenWriter(ctx, service.Config{DBPath: "history.db"}, service.Options{})
//	...
//	result, err := importer.CSV(ctx, writer, "measurements.csv.gz", importer.Options{})
package importer
