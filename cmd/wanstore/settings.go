package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// closeLimit is how long the end of a command may take to commit and roll up what it has.
const closeLimit = time.Minute

// pathFlag is the flag that names the history file.
const pathFlag = "db"

// settingFlags are the flags that stand for environment variables.
func settingFlags() map[string]string {
	flags := map[string]string{
		pathFlag:         service.EnvPrefix + "DB_PATH",
		"retention-days": service.EnvPrefix + "RETENTION_DAYS",
		"keep-raw":       service.EnvPrefix + "KEEP_RAW",
		"keep-1m":        service.EnvPrefix + "KEEP_1M",
		"keep-5m":        service.EnvPrefix + "KEEP_5M",
		"max-size":       service.EnvPrefix + "MAX_SIZE",
		listenFlag:       api.EnvPrefix + "LISTEN",
	}
	maps.Copy(flags, pushFlags())
	return flags
}

// addPathFlag adds the flag that names the history file to a command that opens one.
func addPathFlag(cmd *cobra.Command) {
	cmd.Flags().String(pathFlag, "",
		fmt.Sprintf("`PATH` of the history (default $%sDB_PATH or %s)",
			service.EnvPrefix, service.DefaultConfig().DBPath))
	complete(cmd, pathFlag, files)
}

// addPolicyFlags adds the flags that change what the file keeps, to a command that writes.
func addPolicyFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Int("retention-days", 0,
		"delete everything after this many `DAYS`, 1 to 365 (kept in the file; 7 in a new one)")
	for _, tier := range []struct{ name, usage string }{
		{"keep-raw", "delete raw samples at this `AGE` (kept in the file; 1h in a new one)"},
		{"keep-1m", "delete 1m buckets at this `AGE` (kept in the file; 1d in a new one)"},
		{"keep-5m", "delete 5m buckets at this `AGE` (kept in the file; 7d in a new one)"},
	} {
		flags.Var(&durationFlag{}, tier.name, tier.usage)
	}
	flags.String("max-size", "",
		"hold the file and its WAL to this `SIZE`, such as 64MiB; raw samples go first")
}

// configure brings flags and environment together, under one validation.
func configure(cmd *cobra.Command) (service.Config, error) {
	warnOfUnknownVariables(cmd)
	return service.ConfigFromEnv(readSettingFlags(cmd))
}

// readSettingFlags returns the flags that were given, by the variables that they go before.
func readSettingFlags(cmd *cobra.Command) map[string]string {
	overrides := map[string]string{}
	for name, variable := range settingFlags() {
		flag := cmd.Flags().Lookup(name)
		if flag == nil || !flag.Changed {
			continue
		}
		overrides[variable] = flag.Value.String()
	}
	return overrides
}

// named gives the settings that are wrong the names that people know them by: that of the variable,
// unless the command has a flag for it, and it was given or the variable is not set.
func named(cmd *cobra.Command, problems service.ConfigErrors) service.ConfigErrors {
	names := map[string]string{} // by field
	for _, variable := range slices.Concat(service.Variables(), api.Variables(), push.Variables()) {
		names[variable.Field] = variable.Name
		for name, of := range settingFlags() {
			flag := cmd.Flags().Lookup(name)
			if of == variable.Name && flag != nil && (flag.Changed || os.Getenv(of) == "") {
				names[variable.Field] = "--" + name
			}
		}
	}
	list := make(service.ConfigErrors, len(problems))
	for i, one := range problems {
		renamed := *one
		renamed.Name = names[one.Field]
		list[i] = &renamed
	}
	return list
}

// newLogger logs to the command's error output.
func newLogger(cmd *cobra.Command) *slog.Logger {
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), logOptions(zoneOf(cmd))))
}

// logOptions makes a log tell the time of a zone.
func logOptions(zone *time.Location) *slog.HandlerOptions {
	return &slog.HandlerOptions{ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Time(attr.Key, attr.Value.Time().In(zone))
		}
		return attr
	}}
}

// openWriter opens the file for writing, and makes it if it is not there.
func openWriter(
	cmd *cobra.Command, config service.Config, options service.Options,
) (*service.Writer, error) {
	bar := rebuildBar{out: cmd.ErrOrStderr(), file: config.DBPath}
	defer bar.clear()
	options.Progress = bar.progress()
	writer, err := service.OpenWriter(cmd.Context(), config, options)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w (name a file that you may write with --%s)", err, pathFlag)
	}
	return writer, err
}

// closeWriter commits what is queued and rolls up what is due.
func closeWriter(ctx context.Context, writer *service.Writer) error {
	return ended(ctx, writer.Close)
}

// ended gives a close of a writer its time, also after the command has been told to end.
func ended(ctx context.Context, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	return end(ctx)
}

// openHistory opens the file for reading, and returns its path as well.
func openHistory(cmd *cobra.Command) (*service.History, string, error) {
	config, err := configure(cmd)
	if err != nil {
		return nil, "", err
	}
	history, err := service.OpenHistory(cmd.Context(), config.DBPath)
	return history, config.DBPath, explainMissing(cmd, err)
}
