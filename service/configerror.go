package service

import (
	"cmp"
	"errors"
	"strings"
)

// ErrConfig reports a configuration that makes no sense. What is wrong is found by errors.As, as
// ConfigErrors or as the first ConfigError of them.
var ErrConfig = errors.New("bad configuration")

// ConfigError says what is wrong with one setting. It names no other setting, so that whoever has
// names of their own for settings (flags, say) words it by Field, Value and Want. It wraps
// ErrConfig.
type ConfigError struct {
	Field string // the field of Config, or of another configuration, such as KeepRaw
	Value string // what the field has, "" for nothing and for a secret
	Want  string // what would be right, such as "more than 0"
	// Name is what Error calls the setting; Field, if it is empty. ConfigFromEnv sets it to the
	// variable.
	Name string
}

// Error names the setting, what it has and what would be right.
func (e *ConfigError) Error() string {
	setting := cmp.Or(e.Name, e.Field)
	if e.Value != "" {
		setting += "=" + e.Value
	}
	return setting + ": want " + e.Want
}

// Unwrap returns ErrConfig.
func (e *ConfigError) Unwrap() error { return ErrConfig }

// ConfigErrors is everything that is wrong with a configuration.
type ConfigErrors []*ConfigError

// Error lists what is wrong, one setting a line.
func (e ConfigErrors) Error() string {
	lines := []string{ErrConfig.Error() + ":"}
	for _, one := range e {
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each ConfigError.
func (e ConfigErrors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// configErrors makes one error of everything that is wrong, or nil.
func configErrors(problems []*ConfigError) error {
	if len(problems) == 0 {
		return nil
	}
	return ConfigErrors(problems)
}
