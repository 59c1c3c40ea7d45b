package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError says in this program's words what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if err := unknownCommand(cmd); err != nil {
			return err // of which the flag would be
		}
		if unknown.GetSpecifiedShortnames() != "" {
			return usagef(cmd, "unknown flag -%s", unknown.GetSpecifiedName())
		}
		flag := "--" + unknown.GetSpecifiedName()
		return usagef(cmd, "unknown flag %s%s", flag, didYouMean(flag, flagNames(cmd)))
	}
	if lacking, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		kind, _ := pflag.UnquoteUsage(lacking.GetFlag())
		return usagef(cmd, "--%s takes a value: --%[1]s %s", lacking.GetFlag().Name, kind)
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return badValue(cmd, bad.GetFlag(), bad.GetValue(), bad.Unwrap())
	}
	return usage(cmd, err)
}

// unknownCommand is the error of a mistyped command before its flags, nil where there is none.
func unknownCommand(cmd *cobra.Command) error {
	if cmd.HasParent() {
		return nil
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// noEmptyFlags refuses a flag that is given nothing, as by an unset variable of a shell: what holds
// without the flag would be a surprise.
func noEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		list, isList := flag.Value.(pflag.SliceValue)
		empty := flag.Value.String() == ""
		if isList {
			empty = strings.Join(list.GetSlice(), "") == ""
		}
		if empty && err == nil {
			err = usagef(cmd, "--%s is empty", flag.Name)
		}
	})
	return err
}

// badValue says why a flag cannot have a value.
func badValue(cmd *cobra.Command, flag *pflag.Flag, value string, err error) error {
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		err = errWholeNumber
		if flag.Value.Type() == "bool" {
			err = errTruth
		}
	}
	return usagef(cmd, "--%s %q: %w", flag.Name, value, err)
}

var (
	errWholeNumber = errors.New("want a whole number")
	errTruth       = errors.New("want true or false")
)

// flagNames lists the flags of a command, as they are given.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, "--"+flag.Name)
		}
	})
	return names
}

// oneOf refuses a value of a flag that takes only some.
func oneOf(flag, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("--%s %q: want %s", flag, value, wanted(value, choices))
}

// wanted lists what is wanted in the place of a value, and the likeliest.
func wanted(value string, choices []string) string {
	return alternatives(choices) + didYouMean(value, choices)
}
