package service

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wanstore/wanstore/repo"
)

// ErrTooManySeries reports that there are as many series as Config.MaxSeries allows, in the file or
// among the handles of a writer.
var ErrTooManySeries = repo.ErrTooManySeries

// What a name and a set of labels may be. They are in every exposition, most answers and two
// B-trees of the file: names are for people to read, and what is longer than these is no name but a
// mistake. A series is remembered for as long as the writer is open, so that MaxSeries of the
// longest still fit into 200 MB.
const (
	maxNameBytes   = 200 // of a metric, a WAN or a label
	maxValueBytes  = 1 << 10
	maxLabels      = 64
	maxLabelsBytes = 4 << 10 // all labels of a series as JSON
	maxHelpBytes   = 4 << 10
	maxUnitBytes   = 64
	maxStateNames  = 256
	maxStateBytes  = 64
)

// checkLength demands that a name is not longer than it may be.
func checkLength(what, name string, most int) error {
	if len(name) > most {
		return fmt.Errorf("%w: %s %.40q... has %d bytes: want %d at most", ErrName, what, name, len(name),
			most)
	}
	return nil
}

// checkText demands what a terminal and an exposition can show: valid UTF-8 without control
// characters.
func checkText(what, text string, most int) error {
	if err := checkLength(what, text, most); err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: %s %.80q is not valid UTF-8", ErrName, what, text)
	}
	if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
		control, _ := utf8.DecodeRuneInString(text[i:])
		return fmt.Errorf("%w: %s %.80q has the control character %U: want text that can be shown",
			ErrName, what, text, control)
	}
	return nil
}

// checkLabelCount demands that there are not too many labels, before anybody looks at each.
func checkLabelCount(count int) error {
	if count > maxLabels {
		return fmt.Errorf("%w: %d labels: want %d at most", ErrName, count, maxLabels)
	}
	return nil
}

// checkLabelsLength demands that the labels of a series are not too long together.
func checkLabelsLength(canonical string) error {
	if len(canonical) > maxLabelsBytes {
		return fmt.Errorf("%w: the labels have %d bytes as JSON: want %d at most", ErrName,
			len(canonical), maxLabelsBytes)
	}
	return nil
}

// errTooManyHandles says that a writer gives no more handles out.
func errTooManyHandles(most int) error {
	return fmt.Errorf("%w: this writer knows %d, as many as MaxSeries allows", ErrTooManySeries, most)
}
