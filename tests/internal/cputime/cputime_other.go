//go:build !unix

// Package cputime says what a process has used of its processors. This system is not asked: here it
// is the time that has passed.
package cputime

import "time"

var begun = time.Now() //nolint:gochecknoglobals // when this process began

// Used is the time since this process began.
func Used() time.Duration { return time.Since(begun) }
