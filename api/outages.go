package api

import (
	"maps"
	"slices"

	"github.com/wanstore/wanstore/report"
)

// outagesOf are the outages of a WAN in a range.
type outagesOf struct {
	WAN     string          `json:"wan_name"`
	Outages []report.Outage `json:"outages"`
}

// appendOutages writes the outages of each WAN whose state is known.
func (a reply) appendOutages(buf []byte) ([]byte, error) {
	if a.outages == nil {
		return buf, nil
	}
	list := []outagesOf{}
	for _, wan := range slices.Sorted(maps.Keys(a.outages)) {
		list = append(list, outagesOf{wan, slices.Grow(a.outages[wan], 1)}) // not nil
	}
	text, err := marshal(list)
	return append(append(buf, `,"outages":`...), text...), err
}
