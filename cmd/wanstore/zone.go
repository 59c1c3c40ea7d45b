package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // for routers, which seldom have a zone database: 0.4 MB

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// utcFlag is the flag of every command that takes people out of their time zone.
const utcFlag = "utc"

func addZoneFlag(root *cobra.Command) {
	root.PersistentFlags().Bool(utcFlag, false,
		"show times in UTC, and read times without a zone as UTC (default: local time)")
}

// zoneOf returns the zone that people are shown times in. Programs are told UTC.
func zoneOf(cmd *cobra.Command) *time.Location {
	if utc, err := cmd.Flags().GetBool(utcFlag); err == nil && utc {
		return time.UTC
	}
	return time.Local //nolint:gosmopolitan // decides whose time people are shown
}

// warnOfZone tells a user who has set a zone that Go does not know, such as the rules of POSIX
// (CET-1CEST), that times are in UTC.
func warnOfZone(cmd *cobra.Command) {
	name := strings.TrimPrefix(os.Getenv("TZ"), ":")
	if zoneOf(cmd) == time.UTC || filepath.IsAbs(name) {
		return
	}
	if _, err := time.LoadLocation(name); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(),
			"times are in UTC: TZ=%s is not the name of a zone, such as Europe/Berlin\n", name)
	}
}

// resolveTimes reads the times among the flags. What they mean depends on other flags, which may
// come after them: the zone, and the moment that others are told from.
func resolveTimes(cmd *cobra.Command) error {
	warnOfZone(cmd)
	now := time.Now()
	var first error
	resolve := func(flag *pflag.Flag) {
		at, ok := flag.Value.(interface {
			resolve(zone *time.Location, now time.Time) error
		})
		if !ok || first != nil {
			return
		}
		if err := at.resolve(zoneOf(cmd), now); err != nil {
			first = badValue(cmd, flag, flag.Value.String(), err)
		}
	}
	if flag := cmd.Flags().Lookup("now"); flag != nil && flag.Changed {
		resolve(flag)
		if given, ok := flag.Value.(*nowFlag); ok {
			now = given.read()
		}
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if flag.Name != "now" {
			resolve(flag)
		}
	})
	return first
}
