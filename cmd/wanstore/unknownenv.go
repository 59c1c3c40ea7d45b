package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
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
			"wanstore: warning: %s configures nothing, did you mean %s? (`wanstore help env`)\n",
			printable(name), nearest(name, known))
	}
}

// variableNames lists the variables that configure a command.
func variableNames() []string {
	var names []string
	for _, variable := range slices.Concat(service.Variables(), api.Variables()) {
		names = append(names, variable.Name)
	}
	return names
}

// nearest returns the name that takes the fewest edits to make of a text.
func nearest(text string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int { return edits(text, a) - edits(text, b) })
}

// edits counts the letters that have to be put in or taken out to make b of a.
func edits(a, b string) int {
	costs := make([]int, len(b)+1) // of making each beginning of b
	for j := range costs {
		costs[j] = j
	}
	for i := range len(a) {
		diagonal := costs[0]
		costs[0] = i + 1
		for j := range len(b) {
			kept := diagonal
			diagonal = costs[j+1]
			costs[j+1] = min(diagonal, costs[j]) + 1
			if a[i] == b[j] {
				costs[j+1] = kept
			}
		}
	}
	return costs[len(b)]
}
