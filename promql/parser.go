package promql

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// rewritingParser is Prometheus's parser, and rewrites what it has parsed.
type rewritingParser struct {
	parser.Parser
}

// NewParser returns Prometheus's parser with the rewriting of this package, for an engine of
// Prometheus that reads Engine.Queryable. Positions in its trees are those of the input.
func NewParser(options parser.Options) parser.Parser {
	return rewritingParser{parser.NewParser(options)}
}

// maxDepth is how deep operators and functions may lie inside each other. At each step the engine
// goes from each of them up to the outermost to look at the context, and down to the innermost for
// a position: its time grows with the square of the depth.
const maxDepth = 100

// ParseExpr parses an expression and rewrites it.
//
// Errors: parser.ParseErrors.
func (p rewritingParser) ParseExpr(input string) (parser.Expr, error) {
	expr, err := p.Parser.ParseExpr(input)
	if err != nil {
		return expr, err
	}
	if err := refuseTag(input, expr); err != nil {
		return nil, err
	}
	if depthOf(expr) > maxDepth {
		return nil, parser.ParseErrors{{
			PositionRange: expr.PositionRange(), Query: input,
			Err: fmt.Errorf("more than %d operators and functions inside each other: want fewer, "+
				"or a long chain in parts in parentheses", maxDepth),
		}}
	}
	r := rewriting{copies: &copies{}}
	expr = r.expr(expr)
	if at := r.copies.refused; at != nil {
		return nil, parser.ParseErrors{{
			PositionRange: *at, Query: input,
			Err: errors.New("the computed quantile of quantile_over_time is too long: want a shorter one"),
		}}
	}
	return expr, nil
}

// ParseMetricSelector parses the selector of series.
//
// Errors: parser.ParseErrors.
func (p rewritingParser) ParseMetricSelector(input string) ([]*labels.Matcher, error) {
	matchers, err := p.Parser.ParseMetricSelector(input)
	if err == nil && slices.ContainsFunc(matchers, isTag) {
		err = tagRefused(input, wholeOf(input))
	}
	return matchers, err
}

// ParseMetricSelectors parses selectors of series.
//
// Errors: parser.ParseErrors.
func (p rewritingParser) ParseMetricSelectors(inputs []string) ([][]*labels.Matcher, error) {
	var sets [][]*labels.Matcher
	for _, input := range inputs {
		matchers, err := p.ParseMetricSelector(input)
		if err != nil {
			return nil, err
		}
		sets = append(sets, matchers)
	}
	return sets, nil
}

// depthOf returns how many expressions lie inside each other. In a chain of operators, each lies in
// the next.
func depthOf(node parser.Node) (depth int) {
	for child := range parser.ChildrenIter(node) {
		depth = max(depth, depthOf(child))
	}
	return depth + 1
}

func isTag(m *labels.Matcher) bool { return m.Name == ReservedLabel }

func wholeOf(input string) posrange.PositionRange {
	return posrange.PositionRange{End: posrange.Pos(len(input))}
}

// tagRefused points at where the tag is written, or at a node that has it in other letters.
func tagRefused(input string, at posrange.PositionRange) error {
	if i := strings.Index(input, ReservedLabel); i >= 0 {
		at = posrange.PositionRange{Start: posrange.Pos(i), End: posrange.Pos(i + len(ReservedLabel))}
	}
	return parser.ParseErrors{{
		PositionRange: at, Query: input,
		Err: fmt.Errorf("the label %s is reserved", ReservedLabel),
	}}
}

// refuseTag refuses an expression that names the tag, also in an escaped form.
func refuseTag(input string, expr parser.Expr) error {
	if strings.Contains(input, ReservedLabel) {
		return tagRefused(input, wholeOf(input))
	}
	var refused error
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if refused == nil && namesTag(node) {
			refused = tagRefused(input, node.PositionRange())
		}
		return refused
	})
	return refused
}

func namesTag(node parser.Node) bool {
	switch n := node.(type) {
	case *parser.VectorSelector:
		return slices.ContainsFunc(n.LabelMatchers, isTag)
	case *parser.AggregateExpr:
		if name, ok := n.Param.(*parser.StringLiteral); ok && name.Val == ReservedLabel {
			return true
		}
		return slices.Contains(n.Grouping, ReservedLabel)
	case *parser.BinaryExpr:
		m := n.VectorMatching
		return m != nil && (slices.Contains(m.MatchingLabels, ReservedLabel) ||
			slices.Contains(m.Include, ReservedLabel))
	case *parser.StringLiteral:
		return n.Val == ReservedLabel
	}
	return false
}
