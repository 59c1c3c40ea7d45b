// Package wanctl reads the databases of wanctl, another program, of which little is believed: only
// plain tables with its own columns are read, up to a length, and each question has a minute.
package wanctl
