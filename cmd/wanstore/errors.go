package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// Exit codes, the same for every command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
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

// message is what people are told of err: one line, but for the list of what is wrong with a
// configuration.
func message(cmd *cobra.Command, err error) string {
	if errors.Is(err, service.ErrConfig) {
		return strings.ReplaceAll(withFlagNames(cmd, err.Error()), "\n", "\n  ")
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
