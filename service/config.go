package service

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/repo"
)

// EnvPrefix begins the name of every environment variable.
const EnvPrefix = "WANCTL_STORAGE_"

// Limits of the retention.
const (
	MinRetentionDays = 1
	MaxRetentionDays = 365
)

const day = 24 * time.Hour

// daysLimit is far beyond the retention, and so many days still fit in a Duration.
const daysLimit = 100 * MaxRetentionDays

// Config configures a writer. DBPath must be there. Any other field that is zero is not configured:
// the ages and the retention are then taken from the file, which has the defaults of the help texts
// when it is new, and everything else from DefaultConfig.
type Config struct {
	DBPath              string        `env:"DB_PATH" help:"path of the history file"`
	RetentionDays       Days          `env:"RETENTION_DAYS" help:"days that the file keeps anything, 1 to 365" file:"7"`
	KeepRaw             time.Duration `env:"KEEP_RAW" help:"age at which raw samples are let go, at least 1m" file:"1h"`
	Keep1m              time.Duration `env:"KEEP_1M" help:"age at which 1m buckets are let go, at least 5m" file:"24h"`
	Keep5m              time.Duration `env:"KEEP_5M" help:"age at which 5m buckets are let go, at least 1h" file:"168h"`
	CommitInterval      time.Duration `env:"COMMIT_INTERVAL" help:"longest time that a sample waits for its commit"`
	CommitSamples       int           `env:"COMMIT_SAMPLES" help:"samples after which a commit does not wait for its time"`
	QueueSize           int           `env:"QUEUE_SIZE" help:"samples that may wait; more push the oldest out"`
	MaxSeries           int           `env:"MAX_SERIES" help:"series that the file may have; samples of more are refused"`
	Synchronous         string        `env:"SYNCHRONOUS" help:"NORMAL syncs at checkpoints, FULL at every commit"`
	MaintenanceInterval time.Duration `env:"MAINTENANCE_INTERVAL" help:"time between passes of maintenance"`
	StartupBudget       time.Duration `env:"STARTUP_BUDGET" help:"longest time of the pass of maintenance at the start"`
	MaxSize             Bytes         `env:"MAX_SIZE" help:"largest size of file and WAL, at least 4MiB; 0 for no limit" zero:"valid"`
	Grace               time.Duration `env:"GRACE" help:"time that a complete bucket waits for stragglers before it is rolled up"`
}

// DefaultConfig returns what holds where nothing is configured. Its ages are zero: those are in the
// file.
func DefaultConfig() Config {
	return Config{
		DBPath:              "/var/lib/wanctl/metrics.db",
		CommitInterval:      time.Second,
		CommitSamples:       10_000,
		QueueSize:           65_536,
		MaxSeries:           20_000,
		Synchronous:         string(repo.SynchronousNormal),
		MaintenanceInterval: time.Minute,
		StartupBudget:       5 * time.Second,
		Grace:               15 * time.Second,
	}
}

// ConfigFromEnv reads a Config from environment variables, which Variables lists. Overrides, by the
// full names of the variables, go before them; they are how flags come in. Without a path it is
// that of DefaultConfig. Everything that is wrong is in one error, which wraps ErrConfig.
func ConfigFromEnv(overrides map[string]string) (Config, error) {
	variables := env.ToMap(os.Environ())
	maps.Copy(variables, overrides)
	var config Config
	err := env.ParseWithOptions(&config, env.Options{
		Environment: variables, Prefix: EnvPrefix,
		FuncMap: map[reflect.Type]env.ParserFunc{reflect.TypeFor[time.Duration](): parseDuration},
	})
	config.DBPath = cmp.Or(config.DBPath, DefaultConfig().DBPath)
	failed, problems := parseProblems(err, variables)
	problems = append(problems, config.zeroProblems(variables, failed)...)
	if err := configError(append(problems, config.withDefaults().problems()...)); err != nil {
		return Config{}, err
	}
	return config, nil
}

// parseDuration reads the durations of variables as those of flags are read.
func parseDuration(text string) (any, error) { return clock.ParseDuration(text) }

// parseProblems lists what could not be parsed, by the names of the variables: the library names
// the fields they are for.
func parseProblems(
	err error, variables map[string]string,
) (failed map[string]bool, problems []error) {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return nil, []error{err} // of nil, errors.Join takes no notice
	}
	failed = map[string]bool{}
	for _, one := range all.Errors {
		if parse, ok := errors.AsType[env.ParseError](one); ok {
			field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
			name := variableOf(field)
			failed[name] = true
			one = fmt.Errorf("%s=%s: %w", name, variables[name], parse.Err)
		}
		problems = append(problems, one)
	}
	return failed, problems
}

// zeroProblems lists the variables that are set to nothing: a zero field stands for what is not
// configured.
func (c Config) zeroProblems(variables map[string]string, failed map[string]bool) []error {
	var problems []error
	config := reflect.ValueOf(c)
	for i := range config.NumField() {
		name := variableOf(config.Type().Field(i))
		if config.Type().Field(i).Tag.Get("zero") != "" {
			continue
		}
		if variables[name] != "" && config.Field(i).IsZero() && !failed[name] {
			problems = append(problems, fmt.Errorf("%s=%s: want more than 0", name, variables[name]))
		}
	}
	return problems
}

// variableOf returns the name of the environment variable of a field of Config.
func variableOf(field reflect.StructField) string { return EnvPrefix + field.Tag.Get("env") }

// withDefaults fills in what is not configured, but for the path: that of somebody else's file
// would be a surprise.
func (c Config) withDefaults() Config {
	path := c.DBPath
	c.Synchronous = strings.ToUpper(c.Synchronous)
	if c.CommitSamples == 0 && c.QueueSize > 0 {
		c.CommitSamples = min(c.QueueSize, DefaultConfig().CommitSamples)
	}
	config, defaults := reflect.ValueOf(&c).Elem(), reflect.ValueOf(DefaultConfig())
	for i := range config.NumField() {
		if config.Field(i).IsZero() {
			config.Field(i).Set(defaults.Field(i))
		}
	}
	c.DBPath = path
	return c
}

// ages returns the configured ages, zero where the file says.
func (c Config) ages() repo.Ages {
	return repo.Ages{
		repo.Raw:         c.KeepRaw,
		repo.Minute:      c.Keep1m,
		repo.FiveMinutes: c.Keep5m,
		repo.Hour:        time.Duration(max(min(c.RetentionDays, daysLimit), -daysLimit)) * day,
	}
}

// validate returns one error that lists everything wrong, or nil.
func (c Config) validate() error {
	return configError(c.problems())
}

// problems lists what is wrong by itself, whatever the file says.
func (c Config) problems() []error {
	var problems []error
	if c.DBPath == "" {
		problems = append(problems,
			fmt.Errorf("DBPath (%sDB_PATH) is empty: want the path of a history file", EnvPrefix))
	}
	for _, setting := range []struct {
		name  string
		value int64
	}{
		{"COMMIT_INTERVAL", int64(c.CommitInterval)},
		{"COMMIT_SAMPLES", int64(c.CommitSamples)},
		{"QUEUE_SIZE", int64(c.QueueSize)},
		{"MAX_SERIES", int64(c.MaxSeries)},
		{"MAINTENANCE_INTERVAL", int64(c.MaintenanceInterval)},
		{"STARTUP_BUDGET", int64(c.StartupBudget)},
		{"GRACE", int64(c.Grace)},
	} {
		if setting.value < 0 {
			problems = append(problems,
				fmt.Errorf("%s%s is negative: want more than 0", EnvPrefix, setting.name))
		}
	}
	if c.QueueSize > 0 && c.CommitSamples > c.QueueSize {
		problems = append(problems,
			fmt.Errorf("%sCOMMIT_SAMPLES=%d is more than the %d of %[1]sQUEUE_SIZE",
				EnvPrefix, c.CommitSamples, c.QueueSize))
	}
	if err := c.sizeCapProblem(); err != nil {
		problems = append(problems, err)
	}
	if s := repo.Synchronous(c.Synchronous); s != repo.SynchronousNormal && s != repo.SynchronousFull {
		problems = append(problems, fmt.Errorf("%sSYNCHRONOUS=%s: want %s or %s",
			EnvPrefix, c.Synchronous, repo.SynchronousNormal, repo.SynchronousFull))
	}
	return append(problems, ageProblems(c.ages(), c.ages())...)
}

// checkAges refuses a policy that makes no sense: ages that are configured and, for the others,
// those of the file.
func checkAges(ages, configured repo.Ages) error {
	return configError(ageProblems(ages, configured))
}

// configError makes one error of everything that is wrong, or nil.
func configError(problems []error) error {
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("%w:\n%w", ErrConfig, err)
	}
	return nil
}

// ageProblems lists what is wrong with ages; a zero one is not known yet and passes.
func ageProblems(ages, configured repo.Ages) []error {
	var problems []error
	if days := ages[repo.Hour]; days != 0 &&
		(days < MinRetentionDays*day || days > MaxRetentionDays*day) {
		problems = append(problems, fmt.Errorf("%sRETENTION_DAYS=%d: want %d to %d",
			EnvPrefix, days/day, MinRetentionDays, MaxRetentionDays))
	}
	name := func(g repo.Granularity) string {
		if configured[g] == 0 {
			return fmt.Sprintf("%s=%s in the file", g, ages[g])
		}
		return fmt.Sprintf("%sKEEP_%s=%s", EnvPrefix, strings.ToUpper(g.String()), ages[g])
	}
	for g := range repo.Hour {
		next := g + 1
		if ages[g] != 0 && ages[g] < next.Bucket() {
			problems = append(problems,
				fmt.Errorf("%s is less than %s, one bucket of the next tier", name(g), next.Bucket()))
		}
		if next != repo.Hour && ages[next] != 0 && ages[g] > ages[next] {
			problems = append(problems,
				fmt.Errorf("%s is longer than %s: want ages in the order of their tiers", name(g), name(next)))
		}
	}
	return problems
}

// Variable is an environment variable that configures a writer.
type Variable struct {
	Name    string
	Default string
	Help    string
}

// Variables lists the environment variables of a Config.
func Variables() []Variable {
	defaults := reflect.ValueOf(DefaultConfig())
	var list []Variable
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		value := field.Tag.Get("file")
		if value == "" {
			value = fmt.Sprint(defaults.Field(i))
		}
		list = append(list, Variable{
			Name: variableOf(field), Default: value, Help: field.Tag.Get("help"),
		})
	}
	return list
}
