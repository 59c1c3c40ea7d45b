package importer

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/service"
)

func openWriter(t testing.TB) *service.Writer {
	t.Helper()
	writer, err := service.OpenWriter(t.Context(), service.Config{
		DBPath: filepath.Join(t.TempDir(), "metrics.db"), MaxSeries: 4 * maxHandles,
	}, service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return writer
}

func TestHandlesAreBounded(t *testing.T) {
	rows := newRowParser(openWriter(t), 1)
	handle := func(n int) *service.Series {
		sample, err := rows.sample([]string{"1", "wan0", "wanctl_rtt_ms", fmt.Sprintf(`{"n":"%d"}`, n),
			"1"})
		if err != nil {
			t.Fatal(err)
		}
		return sample.Series
	}
	first := handle(0)
	for n := range 2*maxHandles + 2 {
		handle(n)
	}
	if len(rows.found) > maxHandles {
		t.Errorf("%d handles are remembered, want at most %d", len(rows.found), maxHandles)
	}
	if handle(0) != first {
		t.Error("a series that was forgotten has another handle")
	}
}

func BenchmarkRow(b *testing.B) {
	rows := newRowParser(openWriter(b), 1000)
	fields := []string{"1743068102678", "CAU-0C", "wanctl_rate_download_mbps", `{"tech":"5G NSA"}`,
		"0.496688"}
	for b.Loop() {
		if _, err := rows.sample(fields); err != nil {
			b.Fatal(err)
		}
	}
}
