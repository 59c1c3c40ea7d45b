package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// warnOfUnknownVariables names the variables that look as if they configured something and do not:
// a misspelt one would otherwise be without effect and without a word.
func warnOfUnknownVariables(cmd *cobra.Command) {
	known := variableNames()
	for _, assignment := range slices.Sorted(slices.Values(os.Environ())) {
		name, _, _ := strings.Cut(assignment, "=")
		if !strings.HasPrefix(name, service.EnvPrefix) || slices.Contains(known, name) {
			continue
		}
		fmt.Fprintf(cmd.ErrOrStderr(),
			"wanstore: warning: %s configures nothing; did you mean %s? (`wanstore help env`)\n",
			printable(name), nearest(name, known))
	}
}

// variableNames lists the variables that configure a command.
func variableNames() []string {
	var names []string
	for _, variable := range slices.Concat(service.Variables(), api.Variables(), push.Variables()) {
		names = append(names, variable.Name)
	}
	return names
}
