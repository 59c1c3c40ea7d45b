// Package report sums up what lines did, day by day and in all: how much went through them, how
// congested they were, their round-trip times, the echoes that were lost, and their outages. It
// only asks a history of the package service.
package report
