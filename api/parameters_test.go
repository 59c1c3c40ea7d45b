package api_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// Whatever is wrong is refused with the name of the parameter, before the file is looked for.
func TestWrongParameters(t *testing.T) {
	a := answering(t, api.Options{Path: "nowhere/history.db"})
	for query, want := range map[string]struct{ parameter, message string }{
		"range=":                            {"range", "want a duration such as"},
		"range=1.2.3":                       {"range", "want a duration such as"},
		"range=0s":                          {"range", "more than 0"},
		"range=-1h":                         {"range", "more than 0"},
		"range=300y":                        {"range", "less than 290 years"},
		"range=200000d":                     {"range", "less than 290 years"},
		"range=1h&from=0":                   {"range", "excludes"},
		"range=1h&to=5":                     {"range", "excludes"},
		"range=1h&range=2h":                 {"range", "2 times"},
		"from=tomorrow":                     {"from", "want a time such as"},
		"from=today&to=now-2d":              {"to", "not after from"},
		"from=now-1x":                       {"from", "want a duration such as"},
		"tz=":                               {"tz", "is no zone"},
		"tz=Local":                          {"tz", "is no zone"},
		"tz=../UTC":                         {"tz", "is no zone"},
		"tz=Europe/Nowhere":                 {"tz", "is no zone"},
		"format=xml":                        {"format", "csv or json"},
		"format=csv&latest=yes":             {"latest", "format=json"},
		"format=csv&summary=yes":            {"summary", "format=json"},
		"summary=maybe":                     {"summary", "yes or no"},
		"latest=maybe":                      {"latest", "yes or no"},
		"a%1b[31m=1":                        {`"a\x1b[31m"`, `"a\x1b[31m": is no`},
		"from=":                             {"from", "want a time such as"},
		"from=1e9":                          {"from", "want a time such as"},
		"from=1763856000000":                {"from", "Unix seconds"},
		"from=2999-01-01":                   {"from", "not in the past"},
		"from=2025-01-30T10:00+02:00":       {"from", "%2B"},
		"from=10&to=10":                     {"to", "not after from"},
		"from=10&to=9":                      {"to", "not after from"},
		"from=10&to=10.0000004":             {"to", "not after from"},
		"from=10&to=x":                      {"to", "want a time such as"},
		"to=10":                             {"to", "needs from"},
		"metrics=":                          {"metrics", "empty"},
		"metrics=a,,b":                      {"metrics", "empty"},
		"metrics=a&metrics=":                {"metrics", "empty"},
		"wan=":                              {"wan", "empty"},
		"wan=a&wan=b":                       {"wan", "2 times"},
		"label.=x":                          {"label.", "label.NAME"},
		"label=x":                           {"label", "label.NAME"},
		"label.a=x&label.a=y":               {"label.a", "2 times"},
		"step=0":                            {"step", "more than 0"},
		"step=":                             {"step", "want a duration such as"},
		"step=5x":                           {"step", "want a duration such as"},
		"step=1500ns":                       {"step", "whole microseconds"},
		"quantiles=":                        {"quantiles", "from 0 to 1"},
		"quantiles=0.5,95":                  {"quantiles", `"95": want a number from 0 to 1`},
		"quantiles=NaN":                     {"quantiles", "from 0 to 1"},
		"quantiles=" + long("9"):            {"quantiles", "from 0 to 1"},
		"quantiles=0.5" + long(",0.5"):      {"quantiles", "at most 10"},
		"quantiles=0.5&quantiles=0.9":       {"quantiles", "2 times"},
		"order=newest":                      {"order", "desc or asc"},
		"limit=0":                           {"limit", "1 to 100000"},
		"limit=100001":                      {"limit", "1 to 100000"},
		"limit=many":                        {"limit", "1 to 100000"},
		"limit=99999999999999999999":        {"limit", "1 to 100000"},
		"offset=-1":                         {"offset", "0 on"},
		"offset=1.5":                        {"offset", "0 on"},
		"offset=9999999999":                 {"offset", "0 on"},
		"granularity=raw":                   {"granularity", "no parameter"},
		"Range=1h":                          {"Range", "no parameter"},
		"=1":                                {"", "no parameter"},
		"metrics=" + numbered(201, "", ","): {"metrics", "more than 200 names"},
		numbered(201, "label.", "=1&"):      {"label.", "more than 200 labels"},
		"range=%zz":                         {"", "cannot be read"},
		"range=1h;limit=1":                  {"", "cannot be read"},
		"zebra=1&limit=0&offset=-1":         {"limit", "1 to 100000"}, // the first by name
		"range=1h&limit=" + long("9"):       {"limit", "1 to 100000"},
		"from=" + long("%ff"):               {"from", "want a time such as"},
	} {
		why := refusal(t, a, "/metrics/history?"+query, http.StatusBadRequest)
		if why.Error.Parameter != want.parameter || !strings.Contains(why.Error.Message, want.message) {
			t.Errorf("%s: %+v", query, why.Error)
		}
	}
}

func long(text string) string { return strings.Repeat(text, 1000) }

// numbered joins n different names with what stands before and after each.
func numbered(n int, before, after string) string {
	var all strings.Builder
	for i := range n {
		all.WriteString(before + "a" + strconv.Itoa(i) + after)
	}
	return strings.TrimRight(all.String(), ",&")
}

// What is asked for in different words is the same.
func TestSpellings(t *testing.T) {
	r := record(t, service.Config{})
	now := time.Now()
	for _, series := range []*service.Series{
		r.series(t, service.RTT, "cable", nil),
		r.series(t, service.RTT, "lte", service.Labels{"reflector": "a \"quoted\" name\\"}),
		r.series(t, service.RTT, "lte", service.Labels{"reflector": "b", "family": "6"}),
		r.series(t, service.RateDownload, "cable", nil),
		r.series(t, service.State, "cable", nil),
		r.series(t, "modem_temperature_celsius", "lte", nil),
	} {
		r.write(t, service.Sample{Series: series, Time: now.Add(-80 * time.Minute)},
			service.Sample{Series: series, Time: now.Add(-time.Millisecond), Value: 1})
	}
	const all = 12
	for query, want := range map[string]int64{
		"":                                 6, // the last hour
		"range=1h30m":                      all,
		"range=5400":                       all,
		"range=1w1d":                       all,
		"from=0":                           all,
		"from=1970-01-01":                  all,
		"from=1970-01-01T02:00:00%2B02:00": all,
		"from=0&to=2999-01-01T00:00:00Z":   all,
		"from=-5.25":                       all,
		"from=0&to=1":                      0,
		"from=0&metrics=wanctl_rtt_ms":     6,
		"from=0&metrics=wanctl_rtt_ms,wanctl_state":                        8,
		"from=0&metrics=wanctl_rtt_ms&metrics=wanctl_state":                8,
		"from=0&metrics=wanctl_rtt_ms,+wanctl_state":                       8,
		"from=0&metrics=nothing":                                           0,
		"from=0&wan=lte":                                                   6,
		"from=0&wan=lte&metrics=wanctl_rtt_ms&label.family=6":              2,
		"from=0&label.reflector=b&label.family=6":                          2,
		"from=0&label.reflector=b&label.family=4":                          0,
		"from=0&label.reflector=" + url.QueryEscape("a \"quoted\" name\\"): 2,
		"from=0&label.family=":                                             0,
		"from=0&limit=100000&offset=0":                                     all,
	} {
		if got := history(t, r.api, "/metrics/history?"+query).Metadata.Total; got != want {
			t.Errorf("%s: %d points, want %d", query, got, want)
		}
	}
}
