package api

import (
	"strconv"

	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// appendSummaries writes what each series did in all of the range.
func (a reply) appendSummaries(buf []byte) ([]byte, error) {
	if a.summaries == nil {
		return buf, nil
	}
	buf = append(buf, `,"summary":[`...)
	for i := range a.summaries {
		if i > 0 {
			buf = append(buf, ',')
		}
		var err error
		if buf, err = a.appendSummary(buf, &a.summaries[i]); err != nil {
			return nil, err
		}
	}
	return append(buf, ']'), nil
}

func (a reply) appendSummary(buf []byte, s *service.Summary) ([]byte, error) {
	head, err := marshal(struct {
		Metric      string              `json:"metric_name"`
		WAN         string              `json:"wan_name"`
		Labels      service.Labels      `json:"labels"`
		Aggregation service.Aggregation `json:"aggregation"`
		Count       int64               `json:"count"`
		Mean        float64             `json:"mean"`
		Min         float64             `json:"min"`
		Max         float64             `json:"max"`
	}{s.Metric, s.WAN, s.Labels, s.Aggregation, s.Count, s.Avg, s.Min, s.Max})
	if err != nil {
		return nil, err
	}
	buf = append(buf, head[:len(head)-1]...)
	for _, q := range a.quantiles {
		buf = append(buf, `,"`+quantile.Name(q)+`":`...)
		if value, ok := s.Quantile(q); ok {
			buf = appendNumber(buf, value)
		} else {
			buf = append(buf, "null"...)
		}
	}
	shares, err := marshal(sharesOf(s))
	if err != nil {
		return nil, err
	}
	return append(append(append(buf, `,"shares":`...), shares...), '}'), nil
}

// sharesOf returns how much of all samples were in each state, by its value as JSON writes it.
func sharesOf(s *service.Summary) map[string]float64 {
	shares := make(map[string]float64, len(s.States))
	for _, one := range s.States {
		shares[strconv.FormatFloat(one.Value, 'g', -1, 64)] = one.Share
	}
	return shares
}
