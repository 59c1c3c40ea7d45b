package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/service"
)

// explainMissing adds to the error of a history that is not there what has named it, and what makes
// one.
func explainMissing(cmd *cobra.Command, err error) error {
	if !errors.Is(err, service.ErrMissing) {
		return err
	}
	return fmt.Errorf("%w (%s; `wanstore record` or `wanstore import` makes one)", err, whoNames(cmd))
}

// whoNames says where the path of the history comes from.
func whoNames(cmd *cobra.Command) string {
	variable := settingFlags()[pathFlag]
	switch {
	case cmd.Flags().Changed(pathFlag):
		return "--" + pathFlag + " names it"
	case os.Getenv(variable) != "":
		return variable + " names it"
	default:
		return fmt.Sprintf("the default: --%s or %s names another", pathFlag, variable)
	}
}
