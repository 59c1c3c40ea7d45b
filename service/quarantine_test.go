package service_test

import (
	"os"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A damaged file is moved aside on a full disk, too, and the one that is made when there is room
// again has its policy.
func TestDamagedOnAFullDisk(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path, RetentionDays: 30}, quiet())
	write(t, w, run(rtt(t, w), 1000, time.Now().Add(-time.Hour), time.Millisecond)...)
	shut(t, w)
	info, err := os.Stat(path)
	want(t, err, nil)
	want(t, os.Truncate(path, info.Size()-5000), nil)

	disk := diskOf(t, path)
	disk.SetCapacity(1)
	w, err = service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
	want(t, err, service.ErrDiskFull)
	if err == nil {
		shut(t, w)
	}
	files, err := service.Quarantined(path)
	want(t, err, nil)
	if len(files) != 1 {
		t.Fatalf("damaged files %v, want one", files)
	}
	disk.SetCapacity(0)
	w = open(t, service.Config{DBPath: path}, quiet())
	write(t, w, run(rtt(t, w), 100, time.Now(), time.Millisecond)...)
	got := filetest.Int(t, path, "SELECT keep FROM tiers WHERE granularity = '1h'")
	if got != 30*24*time.Hour.Microseconds() {
		t.Errorf("the new file keeps its history for %d µs, want 30 days", got)
	}
}
