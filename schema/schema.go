// Package schema holds the tables of the history file.
package schema

import _ "embed" // for the scripts below

// Version is the schema version that a file carries in its user_version, and in its table wanstore.
const Version = 3

// History makes the tables of a new file.
//
//go:embed history.sql
var History string

// SampleGroups makes the temporary table of rolling up. Each connection on which the generated
// queries are prepared wants it, those of readers, too.
//
//go:embed temporary/sample_groups.sql
var SampleGroups string
