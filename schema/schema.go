// Package schema holds the tables of the history file.
package schema

import _ "embed" // for the scripts below

// Version is the schema version that a file carries in its user_version, and in its table wanstore.
const Version = 4

// History makes the tables of a new file. The view comes last, also in a dump: with it, that is
// complete.
var History = history + push + view

//go:embed history.sql
var history string

//go:embed push.sql
var push string

//go:embed view.sql
var view string

// From3 brings a file of version 3 up to date, in one transaction. It calls functions that the
// queries call, too.
var From3 = from3 + push + view

//go:embed upgrade/from3.sql
var from3 string

// SampleGroups makes the temporary table of rolling up. Each connection on which the generated
// queries are prepared wants it, those of readers, too.
//
//go:embed temporary/sample_groups.sql
var SampleGroups string
