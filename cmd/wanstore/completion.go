package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// generators write the completion of a command for a shell.
var generators = map[string]func(root *cobra.Command, out io.Writer) error{
	"bash": func(root *cobra.Command, out io.Writer) error {
		return root.GenBashCompletionV2(out, true)
	},
	"zsh": (*cobra.Command).GenZshCompletion,
	"fish": func(root *cobra.Command, out io.Writer) error {
		return root.GenFishCompletion(out, true)
	},
	"powershell": (*cobra.Command).GenPowerShellCompletionWithDesc,
}

// shells are those that generators know, in the order of help.
func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes commands in a shell",
		Long: `
Print a script that makes a shell complete commands, flags and values: formats, granularities, and
the names of metrics and WANs in the history that --db or the environment names. In bash
this takes the package bash-completion. What was installed works in a new shell.`,
		Example: `  source <(wanstore completion bash)
  wanstore completion bash > /etc/bash_completion.d/wanstore
  wanstore completion zsh > "${fpath[1]}/_wanstore"
  wanstore completion fish > ~/.config/fish/completions/wanstore.fish
  wanstore completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells(),
		Args:      oneShell,
		RunE: func(cmd *cobra.Command, args []string) error {
			return generators[args[0]](cmd.Root(), cmd.OutOrStdout())
		},
	}
}

func oneShell(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return errors.New("which shell? name bash, zsh, fish or powershell")
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q", args[1])
	case generators[args[0]] == nil:
		return fmt.Errorf("unknown shell %q: want %s", args[0], wanted(args[0], shells()))
	}
	return nil
}

// completes reports whether a shell asks for completions.
func completes(args []string) bool {
	return len(args) > 0 &&
		(args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// plainUsage removes the marks around the names of values from what flags say. Help does that by
// itself, a completion does not.
func plainUsage(cmd *cobra.Command) {
	plain := func(flag *pflag.Flag) { _, flag.Usage = pflag.UnquoteUsage(flag) }
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, child := range cmd.Commands() {
		plainUsage(child)
	}
}
