package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// Exit codes, the same for every command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2

	exitCodes = "0 done, 1 failed, 2 used or configured wrongly."
)

// usageError says that a command was called in a way that makes no sense.
type usageError struct {
	command string // whose help says how
	err     error
}

// usage marks err as wrong usage of cmd. What has been marked already stays as it is.
func usage(cmd *cobra.Command, err error) error {
	if _, ok := errors.AsType[*usageError](err); ok {
		return err
	}
	return &usageError{command: cmd.CommandPath(), err: err}
}

// usagef is usage with a message of its own.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return usage(cmd, fmt.Errorf(format, args...))
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%v (see `%s --help`)", e.err, e.command)
}

func (e *usageError) Unwrap() error { return e.err }

func exitCode(err error) int {
	_, wrong := errors.AsType[*usageError](err)
	if wrong || errors.Is(err, service.ErrConfig) || errors.Is(err, service.ErrQuery) {
		return exitUsage
	}
	return exitFailure
}

// isBrokenPipe says that the reader of the output has seen enough, which is no failure.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// unlessInterrupted returns an error of what a command opens that runs until it is interrupted, nil
// if it was interrupted meanwhile.
func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// message is what people are told of err: one line, but for the list of what is wrong with a
// configuration, and for the place that is wrong in an expression. Arguments in it are shortened,
// and what does things to a terminal is escaped.
func message(cmd *cobra.Command, args []string, err error) string {
	text, between := err.Error(), "; "
	if problems, ok := errors.AsType[service.ConfigErrors](err); ok {
		text, between = named(cmd, problems).Error(), "\n  "
	}
	var lines []string
	for line := range strings.SplitSeq(tamed(text, args), "\n") {
		if line = escaped(line); !slices.Contains(lines, line) { // two writes fail for one reason
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, between) + pointedAt(err)
}

// longestArgument is how many bytes of an argument a message repeats: of most paths all.
const longestArgument = 200

// tamed shortens and escapes the arguments that a message repeats, as they are or quoted.
func tamed(text string, args []string) string {
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=") // of --flag=VALUE
		for _, one := range []string{arg, value} {
			short := one
			if len(one) > longestArgument {
				short = strings.ToValidUTF8(one[:longestArgument], "") + "..."
				text = strings.ReplaceAll(text, strconv.Quote(one), strconv.Quote(short))
			}
			if short = escaped(short); short != one {
				text = strings.ReplaceAll(text, one, short)
			}
		}
	}
	return text
}

// escaped writes what cannot be printed as Go does in a string.
func escaped(text string) string {
	var line strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case unicode.IsPrint(r) && (r != utf8.RuneError || size > 1):
			line.WriteString(text[:size])
		default:
			quoted := strconv.Quote(text[:size])
			line.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
	}
	return line.String()
}
