package main

import "testing"

func TestNearestVariable(t *testing.T) {
	for text, want := range map[string]string{
		"WANCTL_STORAGE_KEEP_RAWS":      "WANCTL_STORAGE_KEEP_RAW",
		"WANCTL_STORAGE_KEPP_1M":        "WANCTL_STORAGE_KEEP_1M",
		"WANCTL_STORAGE_RETENTION":      "WANCTL_STORAGE_RETENTION_DAYS",
		"WANCTL_STORAGE_DB":             "WANCTL_STORAGE_DB_PATH",
		"WANCTL_STORAGE_LISTEN":         "WANCTL_STORAGE_HTTP_LISTEN",
		"WANCTL_STORAGE_SYNCHRONUS":     "WANCTL_STORAGE_SYNCHRONOUS",
		"WANCTL_STORAGE_COMMITINTERVAL": "WANCTL_STORAGE_COMMIT_INTERVAL",
	} {
		if got := nearest(text, variableNames()); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"history", "record", "salvage", "serve", "status"}
	for text, want := range map[string]string{
		"rcord": "record", "hist": "history", "HISTORY": "history", "s": "salvage, serve or status",
		"se": "serve", "statsu": "status", "frobnicate": "", "": "", "xx": "",
	} {
		if want != "" {
			want = "; did you mean " + want + "?"
		}
		if got := didYouMean(text, names); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := didYouMean("text", nil); got != "" {
		t.Errorf("of no names: %q", got)
	}
}

func TestEdits(t *testing.T) {
	for _, one := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "axc", 2},
		{"abc", "ac", 1}, {"ac", "abc", 1}, {"kitten", "sitting", 5}, {"ab", "ba", 2},
	} {
		if got := edits(one.a, one.b); got != one.want {
			t.Errorf("%q to %q: %d, want %d", one.a, one.b, got, one.want)
		}
	}
}
