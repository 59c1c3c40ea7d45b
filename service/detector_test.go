//go:build race

package service_test

// underRace says that the race detector is on, which makes SQLite ten times as slow.
const underRace = true
