package push

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// EnvPrefix begins the name of every environment variable of a Config.
const EnvPrefix = service.EnvPrefix + "PUSH_"

// ConfigFromEnv reads a Config from environment variables, which Variables lists. Overrides, by the
// full names of the variables, go before them. Without a URL nothing is to be sent, and the rest is
// not looked at.
//
// Errors: service.ConfigErrors with everything that is wrong, by the names of the variables.
func ConfigFromEnv(overrides map[string]string) (Config, error) {
	variables := env.ToMap(os.Environ())
	maps.Copy(variables, overrides)
	if variables[variableOf("URL")] == "" {
		return Config{}, nil
	}
	config := DefaultConfig() // so that a zero is one that somebody has set
	err := env.ParseWithOptions(&config, env.Options{
		Environment: variables, Prefix: EnvPrefix,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[time.Duration](): func(text string) (any, error) {
				return clock.ParseDuration(text)
			},
		},
	})
	problems, err := parseProblems(err)
	if err != nil {
		return Config{}, err
	}
	for _, one := range problems {
		if one.Field != "Headers" { // where secrets are
			one.Value = variables[variableOf(one.Field)]
		}
	}
	problems = append(problems, config.problems()...)
	for _, one := range problems {
		one.Name = variableOf(one.Field)
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	return config, nil
}

// parseProblems lists the fields whose variables could not be parsed.
func parseProblems(err error) (service.ConfigErrors, error) {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return nil, err
	}
	var problems service.ConfigErrors
	for _, one := range all.Errors {
		parse, ok := errors.AsType[env.ParseError](one)
		if !ok {
			return nil, err
		}
		want := "a whole number"
		switch parse.Type {
		case reflect.TypeFor[time.Duration]():
			want = "a duration such as " + clock.DurationHelp
		case reflect.TypeFor[bool]():
			want = "true or false"
		case reflect.TypeFor[map[string]string]():
			want = "NAME=VALUE, and commas between several"
		}
		problems = append(problems, &service.ConfigError{Field: parse.Name, Want: want})
	}
	return problems, nil
}

// variableOf returns the name of the environment variable of a field of Config.
func variableOf(field string) string {
	found, _ := reflect.TypeFor[Config]().FieldByName(field)
	return EnvPrefix + found.Tag.Get("env")
}

// Variables lists the environment variables of a Config.
func Variables() []service.Variable {
	help := map[string]string{
		"URL":         "where a receiver takes Prometheus remote write; nothing is sent without it",
		"Query":       "where it answers queries, for the audit, or none",
		"Site":        "value of the label site of every series; required",
		"Labels":      "more labels of every series: NAME=VALUE,NAME=VALUE",
		"Headers":     "headers of every request, such as the tenant, no secrets: NAME=VALUE,NAME=VALUE",
		"TokenFile":   "file with a bearer token for the receiver",
		"BasicFile":   "file with USER:PASSWORD for the receiver",
		"CAFile":      "file with certificates (PEM) that vouch for the receiver",
		"Granularity": "what is sent: buckets of 1m, 5m or 1h, or raw samples",
		"Settle":      "how long after its end a bucket is sent, 15s or more",
		"BatchSize":   "samples of a POST, 1 to 100000",
		"ReplayRate":  "samples of a backlog that are sent in a second",
		"Order":       "newest-first sends the newest bucket before a backlog, oldest-first does not",
		"Suffix":      "what stands before the endings of derived metrics, such as _min",
		"Percentiles": "true also sends the percentiles 50, 95 and 99",
	}
	defaults := reflect.ValueOf(DefaultConfig())
	var list []service.Variable
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i).Name
		one := service.Variable{Name: variableOf(field), Field: field, Help: help[field]}
		switch value := defaults.Field(i); {
		case field == "Query":
			one.Default = "beside the URL"
		case value.IsZero():
		case value.Type() == reflect.TypeFor[time.Duration]():
			one.Default = clock.FormatDuration(time.Duration(value.Int()))
		default:
			one.Default = fmt.Sprint(value.Interface())
		}
		list = append(list, one)
	}
	return list
}

// withDefaults fills in what is not configured.
func (c Config) withDefaults() Config {
	defaults := DefaultConfig()
	c.Granularity = cmp.Or(c.Granularity, defaults.Granularity)
	c.Settle = cmp.Or(c.Settle, defaults.Settle)
	c.BatchSize = cmp.Or(c.BatchSize, defaults.BatchSize)
	c.ReplayRate = cmp.Or(c.ReplayRate, defaults.ReplayRate)
	c.Order = cmp.Or(c.Order, defaults.Order)
	return c
}

// Validate returns service.ConfigErrors with everything that is wrong, or nil.
func (c Config) Validate() error {
	if problems := c.withDefaults().problems(); len(problems) > 0 {
		return problems
	}
	return nil
}

// names of labels that are not to be configured: every series has them already.
var ownLabels = []string{nameLabel, siteLabel, wanLabel, stateLabel, granularityLabel}

func (c Config) problems() service.ConfigErrors {
	var problems service.ConfigErrors
	refuse := func(field, value, want string) {
		problems = append(problems, &service.ConfigError{Field: field, Value: value, Want: want})
	}
	if want := checkURL(c.URL); want != "" {
		refuse("URL", redacted(c.URL), want)
	}
	if c.Query != "" && c.Query != NoQuery && checkURL(c.Query) != "" {
		refuse("Query", redacted(c.Query), checkURL(c.Query)+", or "+NoQuery)
	}
	if c.Site == "" {
		refuse("Site", "", "a name for this site that no other site has")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		if !isLabelName(name) || slices.Contains(ownLabels, name) || c.Labels[name] == "" {
			refuse("Labels", name+"="+c.Labels[name], "NAME=VALUE of labels other than "+
				strings.Join(ownLabels[1:], ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if want := c.checkHeader(name); want != "" {
			refuse("Headers", name, want)
		}
	}
	if g, err := service.ParseGranularity(c.Granularity); err != nil {
		refuse("Granularity", c.Granularity, "raw, 1m, 5m or 1h")
	} else if g == service.Raw && (c.Suffix != "" || c.Percentiles) {
		refuse("Granularity", c.Granularity, "buckets, if they are to have a suffix or percentiles")
	}
	if c.Order != NewestFirst && c.Order != OldestFirst {
		refuse("Order", string(c.Order), fmt.Sprintf("%s or %s", NewestFirst, OldestFirst))
	}
	if c.Suffix != "" && !isLabelName("x"+c.Suffix) {
		refuse("Suffix", c.Suffix, "letters, digits and _")
	}
	if c.TokenFile != "" && c.BasicFile != "" {
		refuse("BasicFile", c.BasicFile, "a token or a password, not both")
	}
	return append(problems, c.numberProblems()...)
}

func (c Config) numberProblems() service.ConfigErrors {
	var problems service.ConfigErrors
	refuse := func(field string, value any, want string) {
		problems = append(problems,
			&service.ConfigError{Field: field, Value: fmt.Sprint(value), Want: want})
	}
	if least := service.DefaultConfig().Grace; c.Settle < least {
		refuse("Settle", clock.FormatDuration(c.Settle), "the grace of "+least.String()+" or more")
	}
	if c.BatchSize < 1 || c.BatchSize > 100_000 {
		refuse("BatchSize", c.BatchSize, "1 to 100000")
	}
	if c.ReplayRate < 1 {
		refuse("ReplayRate", c.ReplayRate, "more than 0")
	}
	return problems
}
