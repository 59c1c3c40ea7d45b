package service

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// StateNames names the values of a state. As JSON it is an object whose keys are the values, as
// JSON writes numbers: {"0":"no","1":"yes"}.
type StateNames map[float64]string

// MarshalJSON writes the object, {} where there are no names.
//
// Errors: a value that is not finite.
func (s StateNames) MarshalJSON() ([]byte, error) {
	text, err := s.canonical()
	return []byte(text), err
}

// UnmarshalJSON reads such an object, and nil of {}.
//
// Errors: other JSON, and a key that is not a finite number.
func (s *StateNames) UnmarshalJSON(text []byte) error {
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		return err
	}
	*s = nil
	if len(texts) == 0 {
		return nil
	}
	names := make(StateNames, len(texts))
	for key, name := range texts {
		value, err := strconv.ParseFloat(key, 64)
		if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
			return fmt.Errorf("value %.40q of a state is not a finite number", key)
		}
		names[value] = name
	}
	*s = names
	return nil
}

// canonical returns the object with sorted keys.
func (s StateNames) canonical() (string, error) {
	texts := make(map[string]string, len(s))
	for value, name := range s {
		key, err := json.Marshal(value + 0) // a zero has no sign
		if err != nil {
			return "", err
		}
		texts[string(key)] = name
	}
	return canonicalJSON(texts)
}
