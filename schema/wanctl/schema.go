// Package wanctl holds the schema of the databases that wanctl writes. Tests make some with it; the
// program only reads them.
package wanctl

import _ "embed" // the schema

// Schema makes the table and its indexes.
//
//go:embed metrics.sql
var Schema string
