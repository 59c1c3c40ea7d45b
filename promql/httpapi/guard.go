package httpapi

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

const (
	// maxQueryBytes and maxTokens bound an expression. What its parser and engine do with it takes
	// a stack that grows with its depth.
	maxQueryBytes = 64 << 10
	maxTokens     = 5_000
	// maxTexts is how many bytes the texts in an expression may have that can become a part of a
	// label of each series, and maxGrowth how many times as long functions may make a label: each
	// that repeats one twice doubles what the one inside it has made.
	maxTexts  = 1 << 10
	maxGrowth = 8
)

// checkQuery refuses an expression whose evaluation could take memory or a stack that the engine
// does not count. What cannot be parsed is left to the engine, which tells where.
//
// Errors: *parameterError.
func checkQuery(expr string, inRange bool) error {
	if err := checkLength(paramQuery, expr); err != nil {
		return err
	}
	all := parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true,
		EnableUnquotedUTF8Names: true}
	parsed, err := parser.NewParser(all).ParseExpr(expr)
	if err != nil {
		return nil //nolint:nilerr // the engine's own parser tells it, with the position
	}
	kind := parsed.Type()
	if inRange && kind != parser.ValueTypeVector && kind != parser.ValueTypeScalar {
		return wrong(paramQuery,
			"invalid expression type %q for range query, must be Scalar or instant Vector",
			parser.DocumentedType(kind))
	}
	if textsOf(parsed) > maxTexts {
		return wrong(paramQuery, "texts of more than %d bytes: want fewer or shorter ones", maxTexts)
	}
	if growthOf(parsed) > maxGrowth {
		return wrong(paramQuery, "label_replace and label_join repeat a label more than %d times", maxGrowth)
	}
	return nil
}

// checkLength refuses an expression that is too long.
func checkLength(name, expr string) error {
	if len(expr) > maxQueryBytes {
		return wrong(name, "%d bytes: want at most %d", len(expr), maxQueryBytes)
	}
	lexer, tokens := parser.Lex(expr), 0
	for item := (parser.Item{}); item.Typ != parser.EOF && item.Typ != parser.ERROR; tokens++ {
		lexer.NextItem(&item)
	}
	if tokens > maxTokens {
		return wrong(name, "more than %d words and signs: want fewer", maxTokens)
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
