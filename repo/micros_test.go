package repo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/repo"
)

func TestAlign(t *testing.T) {
	const minute = 60_000_000
	for _, c := range []struct {
		moment   repo.Micros
		bucket   time.Duration
		down, up repo.Micros
	}{
		{0, time.Minute, 0, 0},
		{1, time.Minute, 0, minute},
		{minute - 1, time.Minute, 0, minute},
		{minute, time.Minute, minute, minute},
		{minute + 1, time.Minute, minute, 2 * minute},
		{-1, time.Minute, -minute, 0},
		{-minute, time.Minute, -minute, -minute},
		{-minute - 1, time.Minute, -2 * minute, -minute},
		{123, 0, 123, 123},
		{-123, 0, -123, -123},
		{123, time.Microsecond, 123, 123},
	} {
		if got := c.moment.AlignDown(c.bucket); got != c.down {
			t.Errorf("%d down to %v is %d, want %d", c.moment, c.bucket, got, c.down)
		}
		if got := c.moment.AlignUp(c.bucket); got != c.up {
			t.Errorf("%d up to %v is %d, want %d", c.moment, c.bucket, got, c.up)
		}
	}
}

func TestAlignProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moment := repo.Micros(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "moment"))
		bucket := rapid.SampledFrom([]time.Duration{time.Minute, 5 * time.Minute, time.Hour}).Draw(t,
			"bucket")
		down, up := moment.AlignDown(bucket), moment.AlignUp(bucket)
		if down > moment || up < moment || up.Sub(down) > bucket {
			t.Errorf("%d lies between %d and %d", moment, down, up)
		}
		if (down == moment) != (up == moment) {
			t.Errorf("%d begins a bucket only one way: down %d, up %d", moment, down, up)
		}
		if down.AlignDown(bucket) != down || up.AlignUp(bucket) != up ||
			int64(down)%bucket.Microseconds() != 0 {
			t.Errorf("%d and %d are not where buckets begin", down, up)
		}
	})
}

func TestMicrosTime(t *testing.T) {
	for _, moment := range []repo.Micros{0, 1, -1, start, start + 123_456, -62_135_596_800_000_000} {
		if got := repo.MicrosOf(moment.Time()); got != moment {
			t.Errorf("%d came back as %d", moment, got)
		}
		if zone := moment.Time().Location(); zone != time.UTC {
			t.Errorf("%d is in %v, want UTC", moment, zone)
		}
	}
	at := time.Date(2026, 3, 29, 3, 30, 0, 1999, time.FixedZone("", 7200))
	got, want := repo.MicrosOf(at).Time(), time.Date(2026, 3, 29, 1, 30, 0, 1000, time.UTC)
	if !got.Equal(want) {
		t.Errorf("%v became %v, want %v", at, got, want)
	}
	if got := start.Add(90 * time.Second).Sub(start); got != 90*time.Second {
		t.Errorf("90 s later is %v later", got)
	}
}
