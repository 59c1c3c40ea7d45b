package promql

import (
	"slices"

	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"
)

// Result is what a query came to.
type Result struct {
	// Value is a promql.Vector, Matrix, Scalar or String of Prometheus's engine, until Close. All
	// of them write themselves as JSON in the shape of Prometheus's API.
	Value parser.Value
	// Warnings and Infos are in the order of their texts, with positions in the expression.
	Warnings, Infos []string

	query upstream.Query
}

// Stats returns how long the parts of the query took, and how many samples it read.
func (r *Result) Stats() stats.QueryStats { return stats.NewQueryStats(r.query.Stats()) }

// Close gives the memory of Value back. It may be called twice.
func (r *Result) Close() {
	if r.Value == nil {
		return
	}
	r.query.Close()
	r.Value = nil
}

const mostAnnotations = 10 // of each kind, as in Prometheus

func annotationTexts(all annotations.Annotations, expr string) (warnings, infos []string) {
	warnings, infos = all.AsStrings(expr, mostAnnotations, mostAnnotations)
	slices.Sort(warnings)
	slices.Sort(infos)
	return warnings, infos
}
