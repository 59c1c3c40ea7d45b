// Package leaves reads the rows of a history that SQLite itself cannot read any more: page by page,
// by whatever each page says, without the trees that would lead to it. It knows no SQL and needs no
// driver.
//
// The format is that of https://sqlite.org/fileformat.html; where a comment names a section, it is
// one of that document.
//
// # What a row has to prove
//
// A row with a check value (docs/FORMAT.md) proves its table and its columns by that, wherever it
// lies. One without a check value counts if the checksum of its page is right, or else if its page
// is whole: its cells, free blocks and fragments fill it exactly, all records decode, the keys
// rise, and texts are UTF-8 without zeros, as which a lost overflow page would read. Its table is
// told by the number and the types of its columns; neither the rows beside it nor the root that
// its page leads up to may say otherwise.
//
// Whether a file is of version 1 or 2, which had no check values, is told by its rows first, then
// by its header: one row with a right check value settles it.
//
// # What is in use
//
// A page that was given back keeps its rows, and their check values are right: such rows were
// deleted or replaced. So a page is left out if it is free. Three things tell, the first that can:
//
//   - The pointer map, where the database has one, and more than half of the page that speaks of
//     this page makes sense.
//   - The freelist, where it is complete: as the header of the database leads to it, or, where
//     that is damaged, as the one chain of pages that look like it.
//   - Any page that looks like a part of the freelist and lists the page: then it is free.
//
// Where nothing tells, damage has taken the map and the list, and the rows of the page come as
// doubtful ones: they were written, but may be older than what came after.
//
// # How the file is divided
//
// The size of the pages, and the bytes reserved at the end of each, are those in which most of the
// file makes sense, and those of the header only where others are no better. Whether there is a
// pointer map is told by the pages where it would be.
//
// # The WAL
//
// Its frames are laid over the pages up to the last commit before the first damaged frame, as
// SQLite does it. A WAL of another database is left out: its pages have another size, or its page 1
// is none of a history where that of the file is. Nothing else tells such a WAL.
package leaves
