package service_test

import (
	"strings"
	"testing"

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
		{"rtt_ms", "wan", service.Labels{"tech": "\xff"}, "of label tech is not valid UTF-8"},
	} {
		_, err := w.Series(c.metric, c.wan, c.labels)
		want(t, err, service.ErrName)
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v does not say %s", err, c.says)
		}
	}
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
	none, empty := series(t, w, service.RTT, "wan", nil), series(t, w, service.RTT, "wan", service.Labels{"a": ""})
	if none == empty {
		t.Error("a label with an empty value is taken for no label")
	}
}
