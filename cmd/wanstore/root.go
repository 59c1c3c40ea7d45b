package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// execute runs a command line, says what went wrong and returns the exit code.
func execute(ctx context.Context, root *cobra.Command, args []string) int {
	out := &checkedOutput{Writer: root.OutOrStdout()}
	root.SetOut(out)
	root.SetArgs(args)
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
		Long: `wanstore keeps the metrics history of a WAN controller in one SQLite file. The history thins itself as it ages
(raw samples, then buckets of 1 minute, 5 minutes, 1 hour), and may be read while it is being written.

Data goes to standard output, everything else to standard error. Flags go before environment variables
("wanstore help env"), those before what the file says, and that before the defaults.

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
	root.Flags().BoolVarP(&showVersion, "version", "v", false, "print what this program was built from")
	root.SetFlagErrorFunc(flagError)
	addPathFlag(root)
	addZoneFlag(root)
	root.AddCommand(
		newRecord(),
		newServe(),
		newImport(),
		newMaintain(),
		newHistory(),
		newExport(),
		newBackup(),
		newSalvage(),
		newStatus(),
		newHealth(),
		newVersion(),
		newEnvironmentTopic(),
		newCompletion(),
	)
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	markArgumentErrors(root)
	return root
}

// newHelp is cobra's own help command, except that an unknown topic is an error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Help about any command",
		Example: "  wanstore help record\n  wanstore help env",
		ValidArgsFunction: func(
			cmd *cobra.Command, args []string, _ string,
		) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef(cmd, "unknown help topic %q%s", strings.Join(args, " "),
					didYouMean(args[len(args)-1], commandNames(topic)))
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
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
