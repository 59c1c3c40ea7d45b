package service

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/repo"
)

// Limits of Config.RetentionDays.
const (
	MinRetentionDays = 1
	MaxRetentionDays = 365
)

// MinMaxSize is the smallest Config.MaxSize, 4 MiB.
const MinMaxSize Bytes = repo.MinSizeCap

// maxQueueSize bounds Config.QueueSize: the memory of so many samples, half a gigabyte, is taken at
// once.
const maxQueueSize = 10_000_000

const day = 24 * time.Hour

// daysLimit is far beyond the retention, and so many days still fit in a Duration.
const daysLimit = 100 * MaxRetentionDays

// Config configures a writer. DBPath must be there. Any other field may be zero, which leaves it
// unconfigured: RetentionDays and the ages (KeepRaw, Keep1m, Keep5m) are then what the file says,
// all else is what DefaultConfig has. Ages that are configured go into the file, for good.
type Config struct {
	// DBPath is the path of the history file.
	DBPath string `env:"DB_PATH"`
	// RetentionDays is how long the file keeps anything, MinRetentionDays to MaxRetentionDays; 7 in
	// a new file.
	RetentionDays Days `env:"RETENTION_DAYS"`
	// KeepRaw is the age at which raw samples are deleted, at least a minute; 1 hour in a new file.
	// No tier keeps its rows for longer than the next one.
	KeepRaw time.Duration `env:"KEEP_RAW"`
	// Keep1m is the age at which 1m buckets are deleted, at least 5 minutes; 1 day in a new file.
	Keep1m time.Duration `env:"KEEP_1M"`
	// Keep5m is the age at which 5m buckets are deleted, at least an hour; 7 days in a new file.
	Keep5m time.Duration `env:"KEEP_5M"`
	// MaxSize is the largest size of the file and its WAL together, MinMaxSize or more; 0 for no
	// limit.
	MaxSize Bytes `env:"MAX_SIZE"`
	// MaxSeries is how many series the file may have; samples of more are refused.
	MaxSeries int `env:"MAX_SERIES"`
	// Synchronous is NORMAL, which syncs the file at checkpoints, or FULL, at every commit.
	Synchronous string `env:"SYNCHRONOUS"`
	// CommitInterval is the longest time that a recorded sample waits for its commit.
	CommitInterval time.Duration `env:"COMMIT_INTERVAL"`
	// CommitSamples is the number of samples after which a commit does not wait for its time. It is
	// no more than QueueSize.
	CommitSamples int `env:"COMMIT_SAMPLES"`
	// QueueSize is how many samples may wait, 10 million at most; more push the oldest out.
	QueueSize int `env:"QUEUE_SIZE"`
	// MaintenanceInterval is the time between two passes of maintenance.
	MaintenanceInterval time.Duration `env:"MAINTENANCE_INTERVAL"`
	// StartupBudget is the longest time of the pass of maintenance at the start.
	StartupBudget time.Duration `env:"STARTUP_BUDGET"`
	// Grace is the time that a complete bucket waits for stragglers before it is rolled up.
	Grace time.Duration `env:"GRACE"`
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

// validate returns ConfigErrors, or nil.
func (c Config) validate() error { return configErrors(c.problems()) }

// problems lists what is wrong by itself, whatever the file says.
func (c Config) problems() []*ConfigError {
	var problems []*ConfigError
	refuse := func(field string, value any, want string) {
		problems = append(problems,
			&ConfigError{Field: field, Value: fmt.Sprint(value), Want: want})
	}
	if c.DBPath == "" {
		refuse("DBPath", "", "the path of a history file")
	}
	for _, field := range []string{"CommitInterval", "CommitSamples", "QueueSize", "MaxSeries",
		"MaintenanceInterval", "StartupBudget", "Grace"} {
		if value := reflect.ValueOf(c).FieldByName(field); value.Int() < 0 {
			refuse(field, value, moreThanZero)
		}
	}
	if c.QueueSize > maxQueueSize {
		refuse("QueueSize", c.QueueSize, fmt.Sprintf("no more than %d", maxQueueSize))
	}
	if c.QueueSize > 0 && c.CommitSamples > c.QueueSize {
		refuse("CommitSamples", c.CommitSamples,
			fmt.Sprintf("no more than the %d samples of the queue", c.QueueSize))
	}
	if c.MaxSize != 0 && c.MaxSize < MinMaxSize {
		refuse("MaxSize", c.MaxSize, fmt.Sprintf("%s or more, or 0 for no limit", MinMaxSize))
	}
	if s := repo.Synchronous(c.Synchronous); s != repo.SynchronousNormal &&
		s != repo.SynchronousFull {
		refuse("Synchronous", s,
			fmt.Sprintf("%s or %s", repo.SynchronousNormal, repo.SynchronousFull))
	}
	return append(problems, ageProblems(c.ages(), c.ages())...)
}

// moreThanZero is what a setting wants that cannot be nothing.
const moreThanZero = "more than 0"

// checkAges refuses a policy that makes no sense: ages that are configured and, for the others,
// those of the file.
func checkAges(ages, configured repo.Ages) error {
	return configErrors(ageProblems(ages, configured))
}

// ageFields are the fields of the ages.
var ageFields = [...]string{Raw: "KeepRaw", Minute: "Keep1m", FiveMinutes: "Keep5m",
	Hour: "RetentionDays"}

// ageProblems lists what is wrong with ages; a zero one is not known yet and passes.
func ageProblems(ages, configured repo.Ages) []*ConfigError {
	var problems []*ConfigError
	if days := ages[Hour]; days != 0 &&
		(days < MinRetentionDays*day || days > MaxRetentionDays*day) {
		problems = append(problems, &ConfigError{
			Field: ageFields[Hour], Value: strconv.FormatInt(int64(days/day), 10),
			Want: fmt.Sprintf("%d to %d", MinRetentionDays, MaxRetentionDays),
		})
	}
	inFile := func(g Granularity) string {
		if configured[g] == 0 {
			return " in the file"
		}
		return ""
	}
	refuse := func(g Granularity, want string) {
		problems = append(problems, &ConfigError{
			Field: ageFields[g], Value: clock.FormatDuration(ages[g]) + inFile(g), Want: want,
		})
	}
	for g := range Hour {
		next := g + 1
		if ages[g] != 0 && ages[g] < next.Bucket() {
			refuse(g, fmt.Sprintf("at least %s, one bucket of the next tier",
				clock.FormatDuration(next.Bucket())))
		}
		switch {
		case next == Hour || ages[next] == 0 || ages[g] <= ages[next]:
		case configured[g] == 0 && configured[next] != 0:
			refuse(next, fmt.Sprintf("at least the %s of the %s tier%s",
				clock.FormatDuration(ages[g]), g, inFile(g)))
		default:
			refuse(g, fmt.Sprintf("no more than the %s of the %s tier%s",
				clock.FormatDuration(ages[next]), next, inFile(next)))
		}
	}
	return problems
}
