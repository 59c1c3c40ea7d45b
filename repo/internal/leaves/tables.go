package leaves

import (
	"slices"

	"github.com/wanstore/wanstore/repo/internal/seal"
)

// SeriesNames is the table of rows that come from the index of the series: metric_name, wan_name,
// labels and id. They have no check values. They are for series whose own rows are lost.
const SeriesNames = "sqlite_autoindex_series_1"

// table says what the rows of a table are like, for all that reads them.
type table struct {
	name    string
	byKey   bool // its rows lie in an index: it is WITHOUT ROWID, or it is one
	foreign bool // it is SQLite's own, or says nothing that a new file would not have
	columns []column
	old     int // how many of the columns there were in versions 1 and 2, 0 if there was no table
	sealed  int // how many of the columns are in the check value, 0 for all
}

type column struct {
	name  string
	kind  Kind
	null  bool // it can be NULL
	rowid bool // it is the INTEGER PRIMARY KEY: NULL in the record
}

var (
	id  = column{name: "id", kind: Integer, rowid: true}
	chk = column{name: chkName, kind: Integer, null: true}
)

const chkName = "chk"

func whole(name string) column  { return column{name: name, kind: Integer} }
func number(name string) column { return column{name: name, kind: Real} }
func text(name string) column   { return column{name: name, kind: Text} }
func blob(name string) column   { return column{name: name, kind: Blob} }

func (c column) orNull() column {
	c.null = true
	return c
}

// tables are in the order of schema/history.sql. Columns are in the order of the table, which is
// also that of its records: in a table WITHOUT ROWID the primary key would be first (section 2.4),
// and is.
var tables = []table{
	{name: "wanstore", foreign: true, columns: []column{id, whole("version")}},
	{name: "series", old: 7, sealed: 5, columns: []column{
		id, text("metric_name"), text("wan_name"), text("labels"), text("aggregation"),
		whole("last_ts").orNull(), number("last_value").orNull(), chk,
	}},
	{name: SeriesNames, byKey: true, old: 4, columns: []column{
		text("metric_name"), text("wan_name"), text("labels"), whole("id"),
	}},
	{name: "metric_metadata", byKey: true, columns: []column{
		text("metric_name"), text("help"), text("unit"), text("states"), whole("percentiles"), chk,
	}},
	{name: "raw_blocks", columns: []column{
		id, whole("last_ts"), whole("count"), chk, text("payload"),
	}},
	{name: "raw_samples", byKey: true, old: 3, columns: []column{
		whole("ts"), whole("series_id"), number("value"), chk,
	}},
	{name: "rollups", byKey: true, old: 7, columns: []column{
		text("granularity"), whole("series_id"), whole("ts"), whole("count"), number("sum"),
		number("min"), number("max"), chk,
	}},
	{name: "rollups", byKey: true, columns: []column{ // of version 3
		text("granularity"), whole("series_id"), whole("ts"), whole("count"), number("sum"),
		number("min"), number("max"), blob("sketch").orNull(), chk,
	}},
	{name: "sketches", columns: []column{id, blob("sketch"), chk}},
	{name: "state_rollups", byKey: true, old: 5, columns: []column{
		text("granularity"), whole("series_id"), whole("ts"), number("value"), whole("count"),
		whole("total"), chk,
	}},
	{name: "tiers", byKey: true, old: 4, columns: []column{
		text("granularity"), whole("watermark"), whole("floor"), whole("keep"), chk,
	}},
	{name: "clock", old: 4, columns: []column{
		id, whole("trusted"), whole("doubted"), whole("seen"), chk,
	}},
	{name: "imports", old: 12, columns: []column{
		id, text("source"), text("format"), whole("bytes"), whole("lines"), whole("last_id"),
		whole("second"), whole("aggregated"), blob("hash"), whole("newest_id"), blob("newest_hash"),
		whole("updated"), chk,
	}},
	{name: "salvages", columns: []column{
		id, text("source"), blob("hash"), whole("successor"), text("place"), text("report"),
		whole("ended"), chk,
	}},
	{name: "push_targets", byKey: true, foreign: true, columns: []column{
		text("target"), whole("begun"), whole("sent_until"), whole("revision"), text("report"),
		whole("changed"), chk,
	}},
	{name: "push_sent", byKey: true, foreign: true, columns: []column{
		text("target"), text("granularity"), whole("from_ts"), whole("until_ts"), whole("sent"),
		whole("confirmed"), whole("audits"), chk,
	}},
	{name: "push_unsent", byKey: true, foreign: true, columns: []column{
		text("target"), whole("hour"), text("granularity"), whole("series_id"), whole("minutes"),
	}},
	{name: "push_parked", byKey: true, foreign: true, columns: []column{
		text("target"), whole("hour"), text("granularity"), whole("series_id"), text("name"),
		whole("samples"), text("reason"), whole("refused"), chk,
	}},
	// Those of SQLite (sections 2.6.1, 2.6.2 and 2.6.4). They have no check values.
	{name: "sqlite_schema", foreign: true, old: 5, columns: []column{
		text("type"), text("name"), text("tbl_name"), whole("rootpage").orNull(),
		text("sql").orNull(),
	}},
	{name: "sqlite_sequence", foreign: true, old: 2, columns: []column{text("name"), whole("seq")}},
	{name: "sqlite_stat1", foreign: true, old: 3, columns: []column{
		text("tbl"), text("idx").orNull(), text("stat"),
	}},
}

// tableOf finds the table whose rows are like a record. No two tables have rows that are alike.
func tableOf(r *record, byKey, old bool) *table {
	for i := range tables {
		if t := &tables[i]; t.byKey == byKey && t.fits(r, old) {
			return t
		}
	}
	return nil
}

// tableNamed returns nil for a table that no history has.
func tableNamed(name string) *table {
	for i := range tables {
		if tables[i].name == name {
			return &tables[i]
		}
	}
	return nil
}

func (t *table) fits(r *record, old bool) bool {
	columns := t.columns
	if old {
		columns = columns[:t.old]
	}
	if len(r.serials) != len(columns) || len(columns) == 0 {
		return false
	}
	for i, serial := range r.serials {
		if !columns[i].takes(serialKind(serial)) {
			return false
		}
	}
	return true
}

// takes says that a column can have a value of this type in a record. A REAL that is whole lies
// there as an INTEGER (section 2.1).
func (c column) takes(kind Kind) bool {
	switch {
	case c.rowid:
		return kind == Null
	case kind == Null:
		return c.null
	case c.kind == Real:
		return kind == Real || kind == Integer
	default:
		return kind == c.kind
	}
}

// read returns the values of a record that fits, as SQL would.
func (t *table) read(r *record, payload []byte, rowid int64) []Value {
	values := r.values(payload)
	for i := range values {
		v, c := &values[i], &t.columns[i]
		switch {
		case c.rowid:
			*v = Value{Kind: Integer, Int: rowid}
		case c.kind == Real && v.Kind == Integer:
			*v = Value{Kind: Real, Real: float64(v.Int)}
		}
	}
	return values
}

// chk returns the place of the check value among the values of a row, or -1 where the row cannot
// have one.
func (t *table) chk(values []Value) int {
	isChk := func(c column) bool { return c.name == chkName }
	return slices.IndexFunc(t.columns[:len(values)], isChk)
}

// sum makes the check value that the values of a row should have.
func (t *table) sum(row *seal.Row, values []Value) int64 {
	row.Begin(t.name)
	for i, v := range values {
		if t.columns[i].name == chkName || t.sealed > 0 && i >= t.sealed {
			continue
		}
		switch v.Kind {
		case Null:
			row.Null()
		case Integer:
			row.Integer(v.Int)
		case Real:
			row.Real(v.Real)
		case Text, Blob:
			row.Bytes(v.Bytes)
		}
	}
	return row.Sum()
}
