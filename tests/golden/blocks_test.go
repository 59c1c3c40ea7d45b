package golden

import (
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// separator stands between a command and its answer.
const separator = "----"

// block is a command with its answer. One of comments only has no command.
type block struct {
	line     int // of the command in its file
	comments []string
	command  string
	input    []string
	answer   []string
}

// parseBlocks splits a file at its empty lines.
func parseBlocks(text string) []block {
	var blocks []block
	var b block
	answering := false
	end := func() {
		if b.command != "" || len(b.comments) > 0 {
			blocks = append(blocks, b)
		}
		b, answering = block{}, false
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " ")
		switch {
		case line == "":
			end()
		case line == separator:
			answering = true
		case answering:
			b.answer = append(b.answer, line)
		case strings.HasPrefix(line, "#") && b.command == "":
			b.comments = append(b.comments, line)
		case b.command == "":
			b.command, b.line = line, i+1
		default:
			b.input = append(b.input, line)
		}
	}
	end()
	return blocks
}

func printBlocks(blocks []block) string {
	texts := make([]string, 0, len(blocks))
	for _, b := range blocks {
		lines := b.comments
		if b.command != "" {
			lines = append(lines, b.command)
		}
		lines = append(lines, b.input...)
		if len(b.answer) > 0 {
			lines = append(append(lines, separator), b.answer...)
		}
		texts = append(texts, strings.Join(lines, "\n")+"\n")
	}
	return strings.Join(texts, "\n")
}

// tolerance of numbers, relative: processors that fuse a multiplication and an addition round once,
// others twice.
const tolerance = 1e-9

// compareAnswers compares answers field by field, numbers with a tolerance.
func compareAnswers(want, got []string) string {
	return cmp.Diff(fields(want), fields(got), cmpopts.EquateApprox(tolerance, 0),
		cmpopts.EquateNaNs(), cmpopts.EquateEmpty())
}

func fields(answer []string) [][]any {
	var lines [][]any
	for _, text := range answer {
		var line []any
		for field := range strings.FieldsSeq(text) {
			if number, err := strconv.ParseFloat(field, 64); err == nil {
				line = append(line, number)
			} else {
				line = append(line, field)
			}
		}
		lines = append(lines, line)
	}
	return lines
}
