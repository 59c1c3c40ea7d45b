package service

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/wanstore/wanstore/internal/clock"
)

// EnvPrefix begins the name of every environment variable.
const EnvPrefix = "WANCTL_STORAGE_"

// ConfigFromEnv reads a Config from environment variables, which Variables lists. Overrides, by the
// full names of the variables, go before them; they are how flags come in. Without a path it is
// that of DefaultConfig.
//
// Errors: ConfigErrors with everything that is wrong, by the names of the variables.
func ConfigFromEnv(overrides map[string]string) (Config, error) {
	variables := env.ToMap(os.Environ())
	maps.Copy(variables, overrides)
	var config Config
	err := env.ParseWithOptions(&config, env.Options{
		Environment: variables, Prefix: EnvPrefix,
		FuncMap: map[reflect.Type]env.ParserFunc{reflect.TypeFor[time.Duration](): parseDuration},
	})
	config.DBPath = cmp.Or(config.DBPath, DefaultConfig().DBPath)
	problems, err := parseProblems(err)
	if err != nil {
		return Config{}, err
	}
	problems = append(problems, config.zeroProblems(variables, problems)...)
	problems = append(problems, config.withDefaults().problems()...)
	for _, one := range problems {
		one.Name = variableOf(one.Field)
		one.Value = cmp.Or(variables[one.Name], one.Value) // as it was written
	}
	if err := configErrors(problems); err != nil {
		return Config{}, err
	}
	return config, nil
}

// parseDuration reads the durations of variables as those of flags are read.
func parseDuration(text string) (any, error) { return clock.ParseDuration(text) }

// parseProblems lists the fields whose variables could not be parsed.
func parseProblems(err error) ([]*ConfigError, error) {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return nil, err
	}
	var problems []*ConfigError
	for _, one := range all.Errors {
		parse, ok := errors.AsType[env.ParseError](one)
		if !ok {
			return nil, err
		}
		problems = append(problems, &ConfigError{Field: parse.Name, Want: wanted(parse.Err)})
	}
	return problems, nil
}

// wanted returns what would have been right where a text could not be parsed.
func wanted(err error) string {
	switch {
	case errors.Is(err, errBytes):
		return bytesHelp
	case errors.Is(err, errDays):
		return daysHelp
	case errors.Is(err, strconv.ErrRange):
		return fmt.Sprintf("a number from 1 to %d", math.MaxInt32)
	case errors.Is(err, clock.ErrDurationRange):
		return "a duration of less than 290 years"
	case errors.Is(err, clock.ErrDurationSyntax):
		return "a duration such as " + clock.DurationHelp
	default:
		return "a whole number"
	}
}

// zeroProblems lists the fields whose variables are set to nothing: a zero field stands for what is
// not configured. Those that could not be parsed are zero, too.
func (c Config) zeroProblems(variables map[string]string, failed []*ConfigError) []*ConfigError {
	unparsed := map[string]bool{}
	for _, one := range failed {
		unparsed[one.Field] = true
	}
	var problems []*ConfigError
	config := reflect.ValueOf(c)
	for i := range config.NumField() {
		field := config.Type().Field(i).Name
		given := variables[variableOf(field)] != ""
		if given && config.Field(i).IsZero() && !unparsed[field] && field != "MaxSize" {
			problems = append(problems, &ConfigError{Field: field, Want: moreThanZero})
		}
	}
	return problems
}

// variableOf returns the name of the environment variable of a field of Config.
func variableOf(field string) string {
	found, _ := reflect.TypeFor[Config]().FieldByName(field)
	return EnvPrefix + found.Tag.Get("env")
}

// Variable is an environment variable that configures a writer.
type Variable struct {
	Name    string // with EnvPrefix
	Field   string // of Config, that it sets
	Default string // what holds without it, in a new file
	Help    string // what it means, in one line
}

// Variables lists the environment variables of a Config.
func Variables() []Variable {
	help := map[string]string{
		"DBPath":              "path of the history file",
		"RetentionDays":       "days after which everything is deleted, 1 to 365",
		"KeepRaw":             "age at which raw samples are deleted, at least 1m",
		"Keep1m":              "age at which 1m buckets are deleted, at least 5m",
		"Keep5m":              "age at which 5m buckets are deleted, at least 1h",
		"CommitInterval":      "longest time that a sample waits for its commit",
		"CommitSamples":       "a commit comes early once this many samples wait",
		"QueueSize":           "samples that may wait; more push out the oldest",
		"MaxSeries":           "series that the file may have; samples of more are refused",
		"Synchronous":         "NORMAL syncs at checkpoints, FULL at every commit",
		"MaintenanceInterval": "time between passes of maintenance",
		"StartupBudget":       "longest time of the pass of maintenance at the start",
		"MaxSize":             "size cap of file and WAL together, at least 4MiB; 0 for none",
		"Grace":               "time that a complete bucket waits for stragglers before it is rolled up",
	}
	ofNewFile := map[string]string{
		"RetentionDays": "7", "KeepRaw": "1h", "Keep1m": "1d", "Keep5m": "7d",
	}
	defaults := reflect.ValueOf(DefaultConfig())
	var list []Variable
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i).Name
		list = append(list, Variable{
			Name: variableOf(field), Field: field, Help: help[field],
			Default: cmp.Or(ofNewFile[field], written(defaults.Field(i).Interface())),
		})
	}
	return list
}

// written returns a value as a variable has it.
func written(value any) string {
	if d, ok := value.(time.Duration); ok {
		return clock.FormatDuration(d)
	}
	return fmt.Sprint(value)
}
