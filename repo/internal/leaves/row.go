package leaves

// Proof is what tells that a row is as it was written.
type Proof uint8

// In the order of what they are worth.
const (
	// ByWholePage is that the page of the row, which has no checksum or not its own, makes sense
	// in all that SQLite has in it. A value may be damaged. Where pages have checksums, another
	// program may have left them behind.
	ByWholePage Proof = iota + 1
	// ByPageSum is the checksum of the page, or that of its frame in the WAL.
	ByPageSum
	// ByCheckValue is the check value of the row. Of a series that says nothing of last_ts and
	// last_value.
	ByCheckValue
)

// Row is a row of a table of the history.
type Row struct {
	Table string
	// Values are the columns in the order of the table, without chk. Rows of versions 1 and 2 end
	// before the columns that came later.
	Values []Value
	Proof  Proof
	Chk    int64 // the check value, where that is the proof
}

// PageKind is what became of a page.
type PageKind uint8

const (
	// Other is a page that has no rows of the history, and should not have any: of a pointer map,
	// of the schema, above the leaves of a table, of what is too long for the page of its row, or
	// of a table of somebody else.
	Other PageKind = iota + 1
	// Free is a page that is not in use.
	Free
	// Data is a page that has rows, or whose rows were given up.
	Data
	// Lost is a page that should have something, and does not make sense.
	Lost
)

// Page is what a page has.
type Page struct {
	Number int
	Kind   PageKind
	Rows   []Row
	// Doubtful says that nothing tells whether the page is in use: its rows may be deleted ones, or
	// older ones of rows that are on other pages.
	Doubtful bool
	// GivenUp is how many rows there were that do not prove themselves, by table; "" is one that is
	// not known.
	GivenUp map[string]int
	// Err is why a lost page could not be read, nil where it could.
	Err error
}

func (p *Page) giveUp(table string, rows int) {
	if rows == 0 {
		return
	}
	if p.GivenUp == nil {
		p.GivenUp = map[string]int{}
	}
	p.GivenUp[table] += rows
}
