package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// execute runs a command line, says what went wrong and returns the exit code.
func execute(ctx context.Context, root *cobra.Command, args []string) int {
	out := &checkedOutput{Writer: root.OutOrStdout()}
	root.SetOut(out)
	root.SetArgs(args)
	if completes(args) {
		plainUsage(root)
	}
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = out.err
	}
	if err == nil || isBrokenPipe(err) {
		return exitOK
	}
	fmt.Fprintln(root.ErrOrStderr(), "wanstore:", message(command, args, err))
	return exitCode(err)
}

func newRoot() *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "wanstore",
		Short: "Metrics history of a WAN controller in one SQLite file",
		Long: `
wanstore keeps metrics of a network, such as round-trip times and states, in one SQLite file. It
measures a line of this machine, imports what others have measured, and shows it. As samples age
they become buckets of 1 minute, then of 5 minutes, then of 1 hour. The file can be read while it is
written.

Data goes to standard output, everything else to standard error. Flags override environment
variables ("wanstore help env"), these override what the file says, and that overrides the defaults.

Exit codes: ` + exitCodes,
		Example: `  wanstore record --for 10s --db wan.db
  wanstore history --last 10m --summary --db wan.db`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noUnknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(cmd, false)
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVarP(&showVersion, "version", "v", false,
		"the same as the command version")
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := noEmptyFlags(cmd); err != nil {
			return err
		}
		return resolveTimes(cmd)
	}
	addZoneFlag(root)
	root.AddCommand(newCommands()...)
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	fillHelp(root)
	markArgumentErrors(root)
	return root
}

// newCommands are listed in this order.
func newCommands() []*cobra.Command {
	commands := []*cobra.Command{
		newRecord(),
		newServe(),
		newPush(),
		newDemo(),
		newImport(),
		newMaintain(),
		newHistory(),
		newQuery(),
		newReport(),
		newExport(),
		newBackup(),
		newSalvage(),
		newStatus(),
	}
	for _, cmd := range commands {
		if cmd.Flags().Lookup(pathFlag) == nil {
			addPathFlag(cmd)
		}
	}
	return append(commands, newHealth(), newVersion(), newEnvironmentTopic(), newCompletion())
}

// noUnknownCommand says what was probably meant.
func noUnknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unknown command %q%s", args[0], didYouMean(args[0], commandNames(cmd)))
}

// commandNames lists the commands under one.
func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, child := range cmd.Commands() {
		if !child.Hidden {
			names = append(names, child.Name())
		}
	}
	return names
}

// noArguments is for commands that take none.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

// markArgumentErrors makes what the commands' own checks of their arguments say wrong usage.
func markArgumentErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage(cmd, err)
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		markArgumentErrors(child)
	}
}
