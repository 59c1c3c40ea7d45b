package service_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Every rule of names is told by an error that shows what broke it.
func TestNamesThatBreakARule(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	for _, c := range []struct {
		metric, wan string
		labels      service.Labels
		says        string
	}{
		{"", "wan", nil, "metric name is empty"},
		{"9lives", "wan", nil, `"9lives" must begin with`},
		{"rtt-ms", "wan", nil, `"rtt-ms" may have`},
		{"rtt_mß", "wan", nil, `"rtt_mß" may have`},
		{"rtt_ms", "", nil, "name of the WAN is empty"},
		{"rtt_ms", "\xff", nil, "not valid UTF-8"},
		{"rtt_ms", "wan", service.Labels{"": "x"}, "label name is empty"},
		{"rtt_ms", "wan", service.Labels{"a:b": "x"}, `"a:b" may have`},
		{"rtt_ms", "wan", service.Labels{"__name__": "x"}, "reserved"},
		{"rtt_ms", "wan", service.Labels{"wan": "x"}, "name of the WAN"},
		{"rtt_ms", "wan", service.Labels{"tech": "\xff"}, `of label tech "\xff" is not valid UTF-8`},
		{"rtt_ms", "wan\n0", nil, `WAN name "wan\n0" has the control character U+000A`},
		{"rtt_ms", "wan", service.Labels{"tech": "\x1b[31m"}, "control character U+001B"},
		{"rtt_ms", "wan", service.Labels{"tech": "a\u009bb"}, "control character U+009B"},
		{huge("m"), "wan", nil, "... has 1000000 bytes: want 200 at most"},
		{"rtt_ms", huge("\xff"), nil, "... has 1000000 bytes: want 200 at most"},
		{"rtt_ms", "wan", service.Labels{huge("l"): "x"}, "... has 1000000 bytes: want 200 at most"},
		{"rtt_ms", "wan", service.Labels{"tech": huge("é")}, "... has 2000000 bytes: want 1024 at most"},
		{"rtt_ms", "wan", labels(10_000, 1), "10000 labels: want 64 at most"},
		{"rtt_ms", "wan", labels(65, 1), "65 labels: want 64 at most"},
		{"rtt_ms", "wan", labels(5, 1000), "bytes as JSON: want 4096 at most"},
	} {
		_, err := w.Series(c.metric, c.wan, c.labels)
		want(t, err, service.ErrName)
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v does not say %s", err, c.says)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
}

// The longest names are still names.
func TestNamesAtTheLimit(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	for _, c := range []struct {
		metric, wan string
		labels      service.Labels
	}{
		{strings.Repeat("m", 200), strings.Repeat("w", 200),
			service.Labels{strings.Repeat("l", 200): strings.Repeat("v", 1024)}},
		{"m", "w", labels(64, 50)},
		{"m", strings.Repeat("é", 100), labels(4, 1000)},
	} {
		write(t, w, service.Sample{Series: series(t, w, c.metric, c.wan, c.labels), Time: time.Now()})
	}
}

func huge(text string) string { return strings.Repeat(text, 1_000_000) }

// labels returns n labels with values of so many bytes.
func labels(n, size int) service.Labels {
	all := service.Labels{}
	for i := range n {
		all["l"+strconv.Itoa(i)] = strings.Repeat("v", size)
	}
	return all
}

// The same labels are the same series, whatever their order; an empty value is one of its own.
func TestLabelsOfASeries(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	one := series(t, w, service.RTT, "wan", service.Labels{"a": "<1>", "b": "2"})
	if same := series(t, w, service.RTT, "wan", service.Labels{"b": "2", "a": "<1>"}); same != one {
		t.Error("the same labels in another order are another series")
	}
	if !strings.Contains(one.String(), `{"a":"<1>","b":"2"}`) {
		t.Errorf("labels of %s are not sorted, or escaped for HTML", one)
	}
	none, empty := series(t, w, service.RTT, "wan", nil),
		series(t, w, service.RTT, "wan", service.Labels{"a": ""})
	if none == empty {
		t.Error("a label with an empty value is taken for no label")
	}
}
