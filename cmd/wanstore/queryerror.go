package main

import (
	"errors"
	"strings"

	"github.com/wanstore/wanstore/promql"
)

// aroundProblem is how many bytes of an expression are shown before what is wrong, and from there.
const aroundProblem = 60

// pointedAt shows the line of an expression that is wrong, with carets under the place; nothing of
// other errors.
func pointedAt(err error) string {
	wrong, ok := errors.AsType[*promql.ParseError](err)
	if !ok {
		return ""
	}
	start := min(max(wrong.Start, 0), len(wrong.Expr))
	length := max(wrong.End-start, 0)
	before, behind := wrong.Expr[:start], wrong.Expr[start:]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	before = printed(before[max(len(before)-aroundProblem, 0):])
	behind, _, _ = strings.Cut(behind, "\n")
	behind = behind[:min(len(behind), aroundProblem)]
	place := printed(behind[:min(length, len(behind))])
	return "\n    " + before + printed(behind) +
		"\n    " + strings.Repeat(" ", widthOf(before)) + strings.Repeat("^", max(widthOf(place), 1))
}

// printed returns a part of an expression as it does nothing to a terminal. It may begin or end in
// the middle of a character, which is left out.
func printed(part string) string { return escaped(strings.ToValidUTF8(part, "")) }
