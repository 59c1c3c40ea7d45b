package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Labels tell series of one metric and WAN apart. Values are texts, by names.
type Labels map[string]string

// wanLabel is the label under which exporters show the name of the WAN.
const wanLabel = "wan"

// canonical returns the labels as JSON with sorted keys, {} when there are none.
func (l Labels) canonical() (string, error) {
	if err := checkLabelCount(len(l)); err != nil {
		return "", err
	}
	for name, value := range l {
		if err := checkLabel(name, value); err != nil {
			return "", err
		}
	}
	canonical, err := canonicalJSON(l)
	if err != nil {
		return "", fmt.Errorf("labels: %w", err)
	}
	return canonical, checkLabelsLength(canonical)
}

// canonicalJSON returns texts as a JSON object with sorted keys, {} when there are none.
func canonicalJSON(texts map[string]string) (string, error) {
	if len(texts) == 0 {
		return "{}", nil
	}
	var object bytes.Buffer
	encoder := json.NewEncoder(&object) // it sorts the keys of a map
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(texts)
	return strings.TrimSuffix(object.String(), "\n"), err
}

func parseLabels(canonical string) (Labels, error) {
	labels := Labels{}
	if err := json.Unmarshal([]byte(canonical), &labels); err != nil {
		return nil, fmt.Errorf("labels %.200q: %w", canonical, err)
	}
	return labels, nil
}

// match says that the labels have every one of the wanted ones.
func (l Labels) match(wanted Labels) bool {
	for name, value := range wanted {
		if got, ok := l[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// The rules of names are those of the Prometheus data model:
// https://prometheus.io/docs/concepts/data_model/

func checkMetricName(name string) error {
	return checkName("metric name", name, "a letter, _ or :", "letters, digits, _ and :",
		func(c byte) bool {
			return isLetter(c) || c == ':'
		})
}

func checkLabel(name, value string) error {
	err := checkName("label name", name, "a letter or _", "letters, digits and _", isLetter)
	if err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(name, "__"):
		return fmt.Errorf("%w: label name %q begins with __, which is reserved", ErrName, name)
	case name == wanLabel:
		return fmt.Errorf("%w: label name %q is taken by the name of the WAN, which is given by itself",
			ErrName, name)
	}
	return checkText("value of label "+name, value, maxValueBytes)
}

func checkWANName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: the name of the WAN is empty", ErrName)
	}
	return checkText("WAN name", name, maxNameBytes)
}

// checkName demands a first character that may begin a name, and then those or digits.
func checkName(what, name, first, rest string, begins func(byte) bool) error {
	if name == "" {
		return fmt.Errorf("%w: the %s is empty", ErrName, what)
	}
	if err := checkLength(what, name, maxNameBytes); err != nil {
		return err
	}
	if !begins(name[0]) {
		return fmt.Errorf("%w: %s %q must begin with %s", ErrName, what, name, first)
	}
	for i := range len(name) {
		if !begins(name[i]) && !isDigit(name[i]) {
			return fmt.Errorf("%w: %s %q may have %s only", ErrName, what, name, rest)
		}
	}
	return nil
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
