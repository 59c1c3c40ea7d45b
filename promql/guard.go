package promql

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

const (
	// maxBytes and maxTokens bound an expression. What the parser and the engine do with one takes
	// a stack that grows with its depth, and a stack that ends takes the process with it.
	maxBytes  = 64 << 10
	maxTokens = 5_000
	// maxTexts is how many bytes the texts in an expression may have that can become a part of a
	// label of each series, and maxGrowth how many times as long functions may make a label: each
	// that repeats one twice doubles what the one inside it has made.
	maxTexts  = 1 << 10
	maxGrowth = 8
	// maxStates is how many states all regular expressions may have. A few letters can stand for
	// thousands, and each takes some 200 bytes, and time for each series.
	maxStates = 100_000
	// maxWindows is how many windows of subqueries inside each other a sample may lie in.
	maxWindows = 1e8
)

// guardingParser refuses an expression whose evaluation could take memory or a stack that the
// engine does not count. The lengths of durations are left to checkSteps.
type guardingParser struct {
	parser.Parser
}

// ParseExpr parses an expression.
//
// Errors: *ParseError, parser.ParseErrors.
func (p guardingParser) ParseExpr(expr string) (parser.Expr, error) {
	if err := checkLength(expr, new(int)); err != nil {
		return nil, err
	}
	parsed, err := p.Parser.ParseExpr(expr)
	switch {
	case err != nil:
		return nil, err
	case textsOf(parsed) > maxTexts:
		return nil, refused(expr, 0, len(expr),
			"texts of more than %d bytes: want fewer or shorter ones", maxTexts)
	case growthOf(parsed) > maxGrowth:
		return nil, refused(expr, 0, len(expr),
			"label_replace and label_join repeat a label more than %d times", maxGrowth)
	}
	return parsed, nil
}

// checkSteps refuses a query that has more steps than there may be samples, or whose subqueries
// have. The engine has computed all durations by now: an expression may do so, too.
//
// Errors: *ParseError.
func (e *Engine) checkSteps(expr string, statement parser.Statement) error {
	eval, ok := statement.(*parser.EvalStmt)
	if !ok {
		return nil
	}
	span, most := eval.End.Sub(eval.Start), e.options.MaxSamples
	if eval.Interval > 0 && int64(span/eval.Interval) > int64(most) {
		return refused(expr, 0, len(expr), "more than %d steps: want a shorter range or a wider step",
			most)
	}
	return e.checkSubqueries(expr, eval.Expr, span, 1)
}

// refused points at what is too costly, from start to end.
func refused(expr string, start, end int, format string, args ...any) error {
	return &ParseError{Expr: expr, Start: start, End: end, Problem: fmt.Sprintf(format, args...),
		whole: true}
}

// checkLength refuses an expression that is too long, or whose regular expressions are. It adds
// their states to those of others.
//
// Errors: *ParseError.
func checkLength(expr string, states *int) error {
	if len(expr) > maxBytes {
		return refused(expr, 0, len(expr), "%d bytes: want at most %d", len(expr), maxBytes)
	}
	lexer, tokens, isRegexp := parser.Lex(expr), 0, false
	for item := (parser.Item{}); item.Typ != parser.EOF && item.Typ != parser.ERROR; tokens++ {
		lexer.NextItem(&item)
		if isRegexp && item.Typ == parser.STRING {
			*states += statesOf(item.Val)
		}
		if *states > maxStates {
			return refused(expr, int(item.Pos), int(item.Pos)+len(item.Val),
				"regular expressions of more than %d states: want shorter ones", maxStates)
		}
		if item.Typ != parser.COMMENT {
			isRegexp = item.Typ == parser.EQL_REGEX || item.Typ == parser.NEQ_REGEX
		}
	}
	if tokens > maxTokens {
		return refused(expr, 0, len(expr), "more than %d words and signs: want fewer", maxTokens)
	}
	return nil
}

// checkSubqueries refuses subqueries of more steps than there may be samples, since the engine
// takes room for each step whatever comes of it, and those inside each other that multiply beyond
// what it can count. The node is evaluated over span, in so many windows.
func (e *Engine) checkSubqueries(
	expr string, node parser.Node, span time.Duration, windows float64,
) error {
	if sub, ok := node.(*parser.SubqueryExpr); ok {
		at, step := sub.PositionRange(), max(sub.Step, time.Millisecond)
		if sub.Step <= 0 {
			step = defaultStep
		}
		span += sub.Range
		windows *= float64(sub.Range/step + 1)
		switch most := e.options.MaxSamples; {
		case span < 0 || int64(span/step) > int64(most): // less than 0: of more than 292 years
			return refused(expr, int(at.Start), int(at.End),
				"a subquery of more than %d steps: want a shorter range or a wider step", most)
		case windows > maxWindows:
			return refused(expr, int(at.Start), int(at.End),
				"subqueries inside each other read each sample more than %d times", int(maxWindows))
		}
	}
	for child := range parser.ChildrenIter(node) {
		if err := e.checkSubqueries(expr, child, span, windows); err != nil {
			return err
		}
	}
	return nil
}

// textsOf returns how many bytes the texts in an expression have, but for those of matchers.
func textsOf(node parser.Node) (bytes int) {
	if text, ok := node.(*parser.StringLiteral); ok {
		return len(text.Val)
	}
	for child := range parser.ChildrenIter(node) {
		bytes += textsOf(child)
	}
	return bytes
}

// growthOf returns how many times as long an expression can make a label.
func growthOf(node parser.Node) int {
	growth := 1
	for child := range parser.ChildrenIter(node) {
		growth = max(growth, growthOf(child))
	}
	if call, ok := node.(*parser.Call); ok && growth <= maxGrowth {
		growth *= repeatsOf(call)
	}
	return growth
}

// repeatsOf returns how often a function can repeat a label.
func repeatsOf(call *parser.Call) int {
	const replacement, firstJoined = 2, 3 // arguments
	switch call.Func.Name {
	case "label_replace":
		return max(1, strings.Count(call.Args[replacement].String(), "$"))
	case "label_join":
		return max(1, len(call.Args)-firstJoined)
	default:
		return 1
	}
}
